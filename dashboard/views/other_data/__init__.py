"""Other data: how every run does on every data set."""
