"""Moving a request from one state to the next."""
