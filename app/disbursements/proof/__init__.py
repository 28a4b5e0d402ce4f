"""Proof of use, arrival at the beneficiary, and the end of a request."""
