"""Tracing gifts to payments: tranches, and every movement of money within them."""
