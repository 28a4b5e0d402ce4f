"""Meetings of the council: calling them, who came, what was said and resolved, and the minutes as an issued document."""
