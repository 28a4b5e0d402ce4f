"""Charity sales and auctions of donated goods."""
