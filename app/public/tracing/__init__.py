"""One gift followed, by the code on its receipt."""
