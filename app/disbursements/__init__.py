"""Requests for money: from draft to payment."""
