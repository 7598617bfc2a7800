"""The ledger audit: whether rows and messages that engines left follow from their orders."""
