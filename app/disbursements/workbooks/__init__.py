"""The register of requests, read into drafts."""
