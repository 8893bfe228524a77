"""Evaluation: how good a run is, and where it is wrong."""
