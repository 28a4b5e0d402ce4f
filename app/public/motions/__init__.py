"""The public page of a motion."""
