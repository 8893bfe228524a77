"""The page Jobs: what was started from the browser, how far it is, and how it ended."""
