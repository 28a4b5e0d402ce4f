"""How a gift is followed through the books: for the page of one gift, and for the statement of a donor."""
