"""The fund's council and its rules, as anyone may read them."""
