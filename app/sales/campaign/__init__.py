"""A sale as public fundraising: what it needs before it is announced, where its money goes, its lots as arranged."""
