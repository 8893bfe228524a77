"""Home: what is here, and how good it is."""
