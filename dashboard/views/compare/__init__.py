"""Compare: which of several runs is better, by more than noise."""
