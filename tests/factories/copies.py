"""Which made-up images have a copy in training, as an audit leaves it beside a data set."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fercore.data.copies import Copies
from fercore.runs import Run, write_json


def make_copies(data: Path, run: Run, exact: Iterable[str] = (), near: Iterable[str] = ()) -> None:
    """Write what an audit of the data set of `run` found, for a dashboard whose data folder is `data`.

    Ids begin with the split they are of: "test-00003" or "test/fear/3".
    """
    found = {"exact": tuple(exact), "near": tuple(near)}
    ids = {
        kind: {split: [id_ for id_ in ids if id_.startswith(split)] for split in ("val", "test")}
        for kind, ids in found.items()
    }
    file = data / "audit" / "copies.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, Copies(run.info["dataset"]["fingerprint"], ids).to_json())
