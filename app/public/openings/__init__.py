"""What of the committed texts is published with its salt, so that anyone can check it against the log."""
