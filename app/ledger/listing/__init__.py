"""The public ledger as a list: filtered, searched, paged by entry number, with the totals of what is listed."""
