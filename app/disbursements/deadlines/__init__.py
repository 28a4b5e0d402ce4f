"""Ending polls and notices whose time is over, without anybody visiting."""
