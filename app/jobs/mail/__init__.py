"""Notices as e-mail."""
