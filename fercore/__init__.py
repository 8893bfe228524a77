"""fercore: train, measure and explain models of facial-expression recognition."""
