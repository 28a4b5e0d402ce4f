"""One journal entry, and what became of the money."""
