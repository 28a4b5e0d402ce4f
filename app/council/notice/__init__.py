"""Public notice of what was approved, objections to it, and holds by the supervisor."""
