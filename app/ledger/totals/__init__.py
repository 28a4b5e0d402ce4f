"""What came in, what went out and what is held: of a filter, a fund, an earmark, a month."""
