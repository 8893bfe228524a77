"""Filters, activations: what the channels of a model respond to."""
