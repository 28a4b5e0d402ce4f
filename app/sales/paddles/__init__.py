"""Paddles: the numbers by which people bid, and the PIN by which a phone shows that it holds one."""
