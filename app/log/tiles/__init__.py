"""The tree as tiles, which anyone can fetch and keep (C2SP tlog-tiles)."""
