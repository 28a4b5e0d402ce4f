"""Requests: their list and the public dossier of each."""
