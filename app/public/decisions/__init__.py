"""Everything that was decided, in one list."""
