"""security-service and pricing-service, asked over HTTP."""
