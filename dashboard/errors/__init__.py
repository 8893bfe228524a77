"""The parts of the errors page."""
