"""Gifts of money and goods, and the registers they are imported from."""
