"""Papers for the donor's own hands: the confirmation of a gift, and the certificate of thanks."""
