"""Training: how each run learned."""
