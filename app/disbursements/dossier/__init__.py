"""The page of one request in the office: what it asks, the vote, the payments, who did what."""
