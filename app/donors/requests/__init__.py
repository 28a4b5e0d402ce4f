"""What donors ask for: to see or copy records, whether something is right, to correct or delete what is kept of them."""
