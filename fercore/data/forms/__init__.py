"""How people hold the data sets of this field: one module a form, each with the data set's own codes.

A form is told by its content; `fercore.data.sources` asks them in the order of `FORMS`, so one that could be taken for
another comes before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from fercore.data import trees
from fercore.data.choices import Choices
from fercore.data.forms import affectnet, expw, imagefolder, parquet, rafdb
from fercore.data.records import Source


@dataclass(frozen=True)
class Form:
    """A way in which a folder, zip or tar holds a data set.

    Attributes
    ----------
    words
        What to look for, for messages and help texts.
    fits
        Whether a folder is of this form.
    open
        Its source, from the folder, the name of what the user gave, what kind of container it lies in, and choices.
    forced
        Whether it can also be forced on a folder that does not tell it from others.
    """

    words: str
    fits: Callable[[Traversable, Choices], bool]
    open: Callable[[Traversable, str, str, Choices], Source]
    forced: bool = False


FORMS = {
    "rafdb": Form(
        "RAF-DB: list_patition_label.txt with aligned/, or train|test/1..7/", rafdb.fits, rafdb.open_rafdb, forced=True
    ),
    "affectnet": Form(
        "AffectNet: train_set|val_set/ with images/ and annotations/*_exp.npy, or numbered folders (forced)",
        affectnet.fits,
        affectnet.open_affectnet,
        forced=True,
    ),
    "expw": Form("ExpW: label.lst beside the pictures", expw.fits, expw.open_expw),
    "parquet": Form("Hugging Face: parquet files with image and label", parquet.fits, parquet.open_parquet),
    "imagefolder": Form(
        "Hugging Face: metadata.csv or metadata.jsonl with file_name and label", imagefolder.fits, imagefolder.open_it
    ),
    "splits": Form(
        "train|val|validation|test/<class>/, some of them missing",
        lambda folder, _: trees.has_splits(folder),
        trees.open_tree,
    ),
    "classes": Form(
        "<class>/, from which splits are cut (frames of CK+ by person)", trees.has_classes, trees.open_tree
    ),
}
