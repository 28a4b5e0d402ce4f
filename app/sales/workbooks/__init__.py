"""The register of a charity sale, read into lots, sales and the donation box."""
