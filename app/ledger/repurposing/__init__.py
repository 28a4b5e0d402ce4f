"""Moving money from one purpose to another, after the council resolved it."""
