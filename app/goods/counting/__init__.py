"""Counting the stock: what is there against what the books say, by two people."""
