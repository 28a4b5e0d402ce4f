"""Witnesses: following other people's logs, and what witnesses of this log said (C2SP tlog-cosignature)."""
