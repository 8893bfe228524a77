"""Robustness: what becomes of answers when pictures get worse."""
