"""What a donor gave in a period, what it was used for, what is left: computed from the books for the donor alone."""
