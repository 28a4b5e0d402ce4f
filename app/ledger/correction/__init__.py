"""Correcting entries: reversal, and reversal with replacement. Nothing sealed is ever edited."""
