"""Home, a fund, a purpose: how much came, went and is left."""
