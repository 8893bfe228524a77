"""Errors: the images that a run gets wrong."""
