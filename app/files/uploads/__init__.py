"""Files between upload and confirmation: encrypted, for a day, under a name that only a signed address tells."""
