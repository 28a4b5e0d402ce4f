"""What a request's money is to buy, line by line, and the quotations for it."""
