"""Which sheet of a file holds the gifts, and which register it is."""
