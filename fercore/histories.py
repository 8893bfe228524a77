"""history.csv of a run folder: one line an epoch, read as an untrusted file."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from fercore.run_files import RunError, read_bytes

HISTORY_COLUMNS = (
    *("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "val_macro_f1"),
    *("learning_rate", "seconds"),
)
MOST_EPOCHS = 10_000
_MOST_COLUMNS = 100


def read_history(path: Path) -> pd.DataFrame:
    """One row an epoch with the columns `HISTORY_COLUMNS` (perhaps more); empty before the first epoch ends.

    A last line cut short by a kill or a full disk is left out.

    Raises
    ------
    RunError
        If the file is no such table, or larger than a training can make it.
    """
    text = read_bytes(path).decode("utf-8", errors="replace") if path.is_file() else ""
    text = text[: text.rfind("\n") + 1]
    if not text:
        return pd.DataFrame(columns=list(HISTORY_COLUMNS), dtype=float)
    # Counted before pandas reads the table, which takes minutes over thousands of columns.
    columns, epochs = text.partition("\n")[0].count(",") + 1, text.count("\n") - 1
    if columns > _MOST_COLUMNS or epochs > MOST_EPOCHS:
        raise RunError(
            f"{path}: {columns:,} columns and {epochs:,} lines, expected at most {_MOST_COLUMNS} and {MOST_EPOCHS:,}; "
            "train the run again"
        )
    try:
        table = pd.read_csv(io.StringIO(text))
        texts = [name for name in table.columns if table[name].dtype.kind not in "iuf"]
        table = table.assign(**{name: pd.to_numeric(table[name]) for name in texts})
    except (ValueError, OverflowError) as error:
        raise RunError(f"{path}: not a readable table ({error})") from error
    if missing := [name for name in HISTORY_COLUMNS if name not in table.columns]:
        raise RunError(f"{path}: columns missing: {', '.join(missing)}")
    if table.empty:
        return table.astype(float)
    if odd := [name for name in HISTORY_COLUMNS if table[name].dtype.kind not in "iuf"]:
        raise RunError(f"{path}: not a readable table ({odd[0]} holds no numbers of 64 bits)")
    if not table["epoch"].between(1, MOST_EPOCHS).all() or (table["epoch"] % 1 != 0).any():
        raise RunError(f"{path}: not a readable table (an epoch is no whole number from 1 to {MOST_EPOCHS:,})")
    return table
