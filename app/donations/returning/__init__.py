"""Giving back to a donor what is left of their gift."""
