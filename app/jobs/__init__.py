"""Work that runs later: jobs that are leased and retried, and the outbox of notices."""
