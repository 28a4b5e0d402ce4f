"""How a fund decides, as data: tiers, quorum, notice; one version after the other."""
