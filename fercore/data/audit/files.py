"""An audit on disk: audit.csv to review, and copies.json, by which scores leave out images with a copy in Training."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd

from fercore.data.audit.findings import COLUMNS, Audit, with_columns
from fercore.data.copies import read_copies
from fercore.data.dataset import SPLITS, DataError
from fercore.emotions import LONGEST_NAME
from fercore.runs import atomic_write, write_json
from fercore.untrusted import read_file

TABLE, COPIES = "audit.csv", "copies.json"
_MOST_BYTES = 256 << 20
_TEXTS = ("finding", "id", "split", "label", "group_splits", "suggested")


def write_audit(found: Audit, folder: Path) -> None:
    """Write both files, each to a temporary file and then renamed, the table last."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / COPIES, found.copies.to_json())
    text = io.StringIO()
    found.table.to_csv(text, index=False, float_format="%.4g")
    atomic_write(folder / TABLE, lambda file: file.write(text.getvalue().encode("utf-8")))


def read_audit(folder: Path) -> Audit:
    """An audit as `write_audit` left it; DataError where there is none, or it is damaged."""
    copies, file = read_copies(folder / COPIES), folder / TABLE
    try:
        kinds = dict.fromkeys(_TEXTS, str) | {"group": np.int64}
        table = pd.read_csv(
            io.BytesIO(read_file(file, _MOST_BYTES)), dtype=kinds, keep_default_na=False, na_values=_EMPTY
        )
        if missing := [name for name in COLUMNS if name not in table.columns]:
            raise ValueError(f"columns missing: {', '.join(missing)}")
        if not table["split"].isin(SPLITS).all() or not all(map(_is_name, table["label"].unique())):
            raise ValueError("an unknown split or label")
        table = with_columns(table)
    except (OSError, ValueError, TypeError, OverflowError) as error:
        raise DataError(
            f"{file}: no table of findings ({error}); make it again with: python scripts/audit.py"
        ) from error
    return Audit(table, copies)


_EMPTY = {name: [""] for name in ("similarity", "brightness", "contrast", "confidence")}


def _is_name(label: str) -> bool:
    """Whether a text can be the name of a class, of whichever data set."""
    return 0 < len(label) <= LONGEST_NAME and label.isprintable()
