"""Erasing a committed text on a lawful demand: the leaf stays, what it commits to is gone."""
