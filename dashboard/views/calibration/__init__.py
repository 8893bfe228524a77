"""Calibration: how far a run's confidence can be trusted."""
