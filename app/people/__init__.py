"""Users, their terms of office, sign-in."""
