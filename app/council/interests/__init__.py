"""The register of interests: what ties those who decide to those who give, ask or are paid."""
