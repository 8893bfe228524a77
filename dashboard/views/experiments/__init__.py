"""Experiments: a study, a cross-validation, or the plan of a new study."""
