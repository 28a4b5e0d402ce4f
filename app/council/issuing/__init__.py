"""Goods given to beneficiaries: what the council is to resolve, and what was handed out after it did."""
