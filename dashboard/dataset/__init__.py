"""Parts of the dataset page: how the emotions are spread, and faces as they are, on average and augmented."""
