"""One entry as anyone may read it: its postings, the gift it opened, the gifts behind a payment."""
