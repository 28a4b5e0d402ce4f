"""Checking a log that somebody kept: an exported file, a published folder."""
