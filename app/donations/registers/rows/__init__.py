"""What one row of a gift register says."""
