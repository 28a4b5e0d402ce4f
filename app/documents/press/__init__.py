"""The press: a process of its own that turns HTML into PDF. A crash or a leak in it never reaches the site."""
