"""Sunledger 阳光账本: the open books of a charity fund."""
