"""The security cache: tickers of securities, asked for at security-service and kept."""
