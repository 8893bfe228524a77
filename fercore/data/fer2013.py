"""What is FER2013's own: the size of its images and the names of its splits.

The data set itself is `fercore.data.dataset`, whose names are offered here too for code that was written when FER2013
was the only data set.
"""

from fercore.data.dataset import (
    AUDIT,
    DECISIONS,
    HOW_TO_PREPARE,
    SPLITS,
    DataError,
    Dataset,
    average_faces,
    open_dataset,
)

SIZE = 48  # pixels, both sides
OFFICIAL_SPLIT_NAMES = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}
# The values of fer2013.csv's column Usage, which the Kaggle images carry as file-name prefixes.
USAGES = {"training": "train", "publictest": "val", "privatetest": "test"}

__all__ = [
    "AUDIT",
    "DECISIONS",
    "HOW_TO_PREPARE",
    "OFFICIAL_SPLIT_NAMES",
    "SIZE",
    "SPLITS",
    "USAGES",
    "DataError",
    "Dataset",
    "average_faces",
    "open_dataset",
]
