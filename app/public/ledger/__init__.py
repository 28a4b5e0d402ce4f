"""The ledger as a page and as files: one filter, one query."""
