"""Emergencies: signed by officers, paid at once, ratified by the council afterwards."""
