"""The fund council: matters, votes, resolutions. It decides a matter and never knows what it is about."""
