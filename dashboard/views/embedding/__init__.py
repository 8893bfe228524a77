"""Embedding: which images lie together in a model's features."""
