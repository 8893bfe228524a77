"""The eight-class benchmark FER+: FER2013's images with what most people say in place of the label.

Barsoum et al. 2016 (https://arxiv.org/abs/1608.01041, section 3.1): an image has a label where more than half of the
people agree on an expression, once answers of a single person are dropped; the others are left out. Splits stay those
of FER2013.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fercore.data.dataset import DataError, Dataset
from fercore.data.ferplus import ANSWERS, EXPRESSIONS, NO_FACE, UNKNOWN, majority, votes_on, without_outliers
from fercore.data.prepare import prepare
from fercore.data.records import OnBad, Record, Source
from fercore.temporary import temporary_folder

LICENCE = (
    "Images: as FER2013. Votes: FER+, copyright Microsoft Corporation, MIT licence (fercore/data/FERPLUS-LICENSE.txt)."
)


def prepare_people(
    source: Source,
    out: Path | str,
    *,
    name: str = "",
    skip_bad: bool = False,
    seed: int = 0,
    progress: bool = False,
) -> Dataset:
    """Write FER2013 as the benchmark FER+, all of it or nothing; parameters as `fercore.data.prepare.prepare`.

    Raises
    ------
    DataError
        As `prepare`, and if the source is not FER2013.
    """
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(out.parent) as folder:
            whole = prepare(source, folder / "fer2013", skip_bad=skip_bad, seed=seed, progress=progress)
            return prepare(people_source(whole), out, name=name, seed=seed, progress=progress)
    except OSError as error:
        raise DataError(f"cannot write the data set beside {out}: {error}; choose another --out") from error


def people_source(dataset: Dataset) -> Source:
    """The benchmark as a source, of FER2013 in prepared form.

    Returns
    -------
    Source
        Records with `EXPRESSIONS` as classes, votes for each of them without outliers, and FER2013's own label in the
        column "fer2013". Its notes say how many images are left out, and why.

    Raises
    ------
    DataError
        If people voted on none of the images.
    """
    counts = votes_on(dataset.ids)
    if counts is None:
        raise DataError(
            f"{dataset.info['source']['name']}: the votes of FER+ are on images of FER2013, and none of its ids is "
            "here; give the Kaggle archive, fer2013.csv or icml_face_data.csv for --labels ferplus"
        )
    said = majority(counts)
    kept = np.flatnonzero((said >= 0) & (said < len(EXPRESSIONS)))
    votes = without_outliers(counts)[:, : len(EXPRESSIONS)]

    def read(on_bad: OnBad) -> Iterator[Record]:
        for row in kept.tolist():
            own = {"fer2013": dataset.classes[dataset.labels[row]]}
            yield Record(
                str(dataset.ids[row]), int(said[row]), str(dataset.splits[row]), dataset.images[row], own, votes[row]
            )

    return Source(
        form=dataset.info["source"]["form"],
        name=dataset.info["source"]["name"],
        split_names=dataset.info["split_names"],
        read=read,
        total=len(kept),
        options=dataset.info["source"]["options"] | {"labels": "ferplus"},
        classes=EXPRESSIONS,
        columns=("fer2013",),
        votes=True,
        notes=[*dataset.info.get("notes", []), _told(len(dataset.ids), counts.any(axis=1), said, len(kept))],
        licence=LICENCE,
        dataset="ferplus",
    )


def _told(images: int, voted: np.ndarray, said: np.ndarray, kept: int) -> str:
    reasons = {
        "on which nobody voted": int((~voted).sum()),
        "without a majority": int((said[voted] < 0).sum()),
        "that most people could not tell": int((said == ANSWERS.index(UNKNOWN)).sum()),
        "in which most people see no face": int((said == ANSWERS.index(NO_FACE)).sum()),
    }
    listed = ", ".join(f"{number:,} {words}" for words, number in reasons.items())
    return f"Labels are what most people say (FER+): {kept:,} of {images:,} images; left out are {listed}."
