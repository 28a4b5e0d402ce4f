"""The books against their leaves: what was committed to when it was recorded is what they say now."""
