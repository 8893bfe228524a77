"""What is FER2013's own: the size of its images and the names of its splits."""

SIZE = 48  # pixels, both sides
OFFICIAL_SPLIT_NAMES = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}
# The values of fer2013.csv's column Usage, which the Kaggle images carry as file-name prefixes.
USAGES = {"training": "train", "publictest": "val", "privatetest": "test"}
