"""What the books are divided into. Other domains name these in their own records; entries and postings they never touch."""
