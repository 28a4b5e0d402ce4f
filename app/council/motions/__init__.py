"""Motions: matters of the council that pay nothing by themselves; what follows a resolution is done here."""
