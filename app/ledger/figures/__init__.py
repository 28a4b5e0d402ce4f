"""Figures of a period: what statements are computed from. Selects only; what they mean is decided by the statements."""
