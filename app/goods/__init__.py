"""Donated goods: stock in, valuation, stock out."""
