"""Putting a recorded gift right: words, money, goods, donor, consent."""
