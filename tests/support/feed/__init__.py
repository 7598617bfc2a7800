"""Orders that the demo does not send: accepted deviations, flaws, and mixtures of all kinds."""
