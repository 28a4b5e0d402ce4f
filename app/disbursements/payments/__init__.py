"""Paying approved requests; acceptance of work and goods; money back from payees."""
