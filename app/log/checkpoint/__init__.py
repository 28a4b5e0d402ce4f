"""Checkpoints: what the log was at a size, signed (C2SP tlog-checkpoint, signed-note), and the care of the key."""
