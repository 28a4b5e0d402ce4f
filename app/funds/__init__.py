"""The host charity and its funds."""
