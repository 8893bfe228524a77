"""Parts of the Predict page: which pictures, what is in them, how it is shown."""
