"""Vocabulary that every domain shares. No Flask, no domain."""
