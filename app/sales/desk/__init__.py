"""The sale desk: one sale after another on a phone, several desks at once, also where the network comes and goes."""
