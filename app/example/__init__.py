"""The example fund: four workbooks of an office, and everything that became of them."""
