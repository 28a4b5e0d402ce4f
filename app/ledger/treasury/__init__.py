"""Setting up a fund's books, and what the office books without a gift or a request: openings, interest, fees, moves."""
