"""The parts of the page "Filters and activations": what to look at, the grid of channels, one channel enlarged."""
