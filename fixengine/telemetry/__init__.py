"""What the engine tells of itself: metrics, traces, health."""
