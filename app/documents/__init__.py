"""Issued documents: numbered, versioned, with frozen figures."""
