"""Payments of buyers at a charity sale, confirmed on paper where the host lets them be: no receipt for a gift."""
