"""Which model?: accuracy, time, size and licence of each."""
