"""The supervisor places and lifts a hold on a request."""
