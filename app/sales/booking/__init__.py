"""The entries of a sale event."""
