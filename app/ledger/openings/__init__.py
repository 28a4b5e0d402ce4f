"""Words of entries that may be published with their salts."""
