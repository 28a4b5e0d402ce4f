"""Closing a sale event: counting, explaining differences, posting lot by lot."""
