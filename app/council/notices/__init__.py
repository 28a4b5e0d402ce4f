"""What people are told of matters, notices, objections and holds, through the outbox."""
