"""Auctions: lots come up one after another, bids are taken, the hammer falls, the winner pays."""
