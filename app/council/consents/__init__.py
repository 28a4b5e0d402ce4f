"""Whether a member of the council lets their name stand beside their vote."""
