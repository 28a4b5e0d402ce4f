"""The page by which anybody checks the log with their own browser, and the files that do so without this site."""
