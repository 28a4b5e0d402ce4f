"""Bids, from the room and from bidders' own phones."""
