"""A fund made up for measuring. Everything in it goes through the real operations, and it says that it is not real."""
