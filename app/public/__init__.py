"""The read-only site: what anyone may see. It asks queries and never reaches an operation."""
