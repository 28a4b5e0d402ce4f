"""Sale events: lots, proceeds, and what they paid for."""
