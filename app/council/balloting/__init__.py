"""Voting and signing: the ballot and the signatures of any matter, on the page of whatever it is about."""
