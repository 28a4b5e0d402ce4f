"""What a donor can do without an account: see every gift of theirs, say whether they are named, ask."""
