"""Which earmark a purpose in a register means."""
