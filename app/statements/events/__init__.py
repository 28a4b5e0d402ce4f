"""The report of a sale event as an issued document: every lot, its giver, its price, and where the proceeds went."""
