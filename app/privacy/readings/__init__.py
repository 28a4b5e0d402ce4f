"""Who of the office was shown personal data, for those who watch over it."""
