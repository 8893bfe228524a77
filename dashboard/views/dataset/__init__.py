"""Dataset: which faces are there."""
