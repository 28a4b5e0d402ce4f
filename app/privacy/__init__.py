"""Personal data: who looked at it, how long it is kept, giving it out and deleting it."""
