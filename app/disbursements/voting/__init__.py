"""Votes on requests, and decisions of before this system."""
