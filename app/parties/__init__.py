"""Donors, applicants and payees; consent to be named; masking."""
