"""One row of the register of a charity sale."""
