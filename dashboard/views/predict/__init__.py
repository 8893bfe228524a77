"""Predict: the expressions in the user's own pictures."""
