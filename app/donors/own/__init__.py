"""What a donor does once they came in: how they are shown, their statement, their receipts."""
