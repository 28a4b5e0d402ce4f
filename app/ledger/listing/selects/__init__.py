"""How the rows of the public ledger are selected."""
