"""Running jobs: one after another, each finished in the transaction of its effect."""
