"""Audit: what is wrong with the data set, and what to do about it."""
