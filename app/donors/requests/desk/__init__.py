"""Donors' requests in the office: the queue, noting what came by telephone, answering."""
