"""What an engineer who picks a model wants to know of each: how good, fast and large it is, what it cost, and whose."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

import numpy as np
import pandas as pd

from fercore.evaluation.comparison import licence
from fercore.evaluation.contamination import contamination
from fercore.evaluation.published import published_accuracy
from fercore.evaluation.speeds import Speed, SpeedRecord
from fercore.evaluation.tables import accuracy_columns
from fercore.export.record import ONNX_FILE, OnnxRecord
from fercore.runs import Run

TORCH, ONNX = "torch fp32", "onnx fp32"
EVALUATED = ("val", "test")


@dataclass(frozen=True)
class Facts:
    """What is stored of a run beside run.json.

    Attributes
    ----------
    reports
        Split -> report of `fercore.evaluation.metrics.report`.
    epochs, seconds
        How long it trained; None for a run without epochs of its own.
    onnx, speeds
        Records of its ONNX file and of its speed; None where there are none.
    """

    reports: Mapping[str, dict] = field(default_factory=dict)
    epochs: int | None = None
    seconds: float | None = None
    onnx: OnnxRecord | None = None
    speeds: SpeedRecord | None = None


def model_table(runs: Sequence[Run], facts: Mapping[str, Facts]) -> pd.DataFrame:
    """A row for each run and each engine that answers for it.

    Parameters
    ----------
    runs
        The runs, in the order wanted.
    facts
        Run name -> what is stored of it.

    Returns
    -------
    pandas.DataFrame
        run, engine ("torch fp32", "onnx int8", ...), model, parameters, bytes (of the weights' file), milliseconds (of
        one face), images_per_second (batches of 64), machine, measured, epochs, seconds (of training), licence,
        seen_val, seen_test (what speaks against figures on these splits, empty where nothing does), then accuracy, low
        and high of val and test (fractions). What is not known is missing; what int8 costs in accuracy is not guessed.
    """
    rows = [row for run in runs for row in _rows(run, facts[run.name])]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"parameters": "Int64", "epochs": "Int64", **_FLOATS})


def front(table: pd.DataFrame, cost: str, split: str) -> pd.Series:
    """Which rows nothing beats: no other is at least as accurate at no higher cost, and better in one of the two.

    Parameters
    ----------
    table
        From `model_table`.
    cost
        Its column of what should be small: "milliseconds", "parameters" or "bytes".
    split
        "val" or "test"; rows with figures on images that were seen, or may have been, are never on the front.

    Returns
    -------
    pandas.Series
        bool, by the table's index.
    """
    known = table[table[f"seen_{split}"] == ""].dropna(subset=[cost, f"{split}_accuracy"])
    costs, right = (known[key].to_numpy(np.float64) for key in (cost, f"{split}_accuracy"))
    no_worse = (costs[None] <= costs[:, None]) & (right[None] >= right[:, None])
    better = (costs[None] < costs[:, None]) | (right[None] > right[:, None])
    beaten = (no_worse & better).any(axis=1)
    return pd.Series(~beaten, index=known.index, dtype=bool).reindex(table.index, fill_value=False)


def peer_table() -> pd.DataFrame:
    """Models of others that we measured on the same images.

    Returns
    -------
    pandas.DataFrame
        name, what, source, parameters, bytes, milliseconds (of one face) and how that was timed, licence, note,
        measured (the year), then accuracy, low and high of val and test (fractions; Wilson, 95 %).
    """
    content = json.loads((resources.files("fercore") / "peers.json").read_text("utf-8"))
    rows = [
        {
            **{key: peer[key] for key in _PEER_COLUMNS},
            "measured": content["measured"],
            **accuracy_columns({split: {"accuracy": _estimate(peer[split], content["n"])} for split in EVALUATED}),
        }
        for peer in content["peers"]
    ]
    return pd.DataFrame(rows).astype({"parameters": "Int64", "bytes": "float64", "milliseconds": "float64"})


_PEER_COLUMNS = ("name", "what", "source", "parameters", "bytes", "milliseconds", "timed", "licence", "note")
_ACCURACIES = tuple(f"{split}_{part}" for split in EVALUATED for part in ("accuracy", "low", "high"))
_COLUMNS = (
    *("run", "engine", "model", "parameters", "bytes", "milliseconds", "images_per_second", "machine", "measured"),
    *("epochs", "seconds", "licence", "seen_val", "seen_test"),
    *_ACCURACIES,
)
_FLOATS = dict.fromkeys(("bytes", "milliseconds", "images_per_second", "seconds", *_ACCURACIES), "float64")


def _estimate(accuracy: float, n: int) -> dict[str, float]:
    return published_accuracy({"accuracy": accuracy, "support": n})


def _rows(run: Run, facts: Facts) -> list[dict]:
    model = run.info["config"].get("model")
    kind = model.get("type") if isinstance(model, dict) else None
    shared = {
        "run": run.name,
        "model": kind[:80] if isinstance(kind, str) else None,
        "parameters": run.parameters,
        "epochs": facts.epochs,
        "seconds": facts.seconds,
        "licence": licence(run),
        **{f"seen_{split}": contamination(run, split) or "" for split in EVALUATED},
    }
    rows = [shared | _engine(TORCH, facts) | {"bytes": run.weights_bytes} | accuracy_columns(facts.reports)]
    if facts.onnx:
        name, size = f"onnx {facts.onnx.precision}", (run.path / ONNX_FILE).stat().st_size
        measured = {split: {"accuracy": figure} for split, figure in facts.onnx.accuracy.items()}
    elif facts.speeds and ONNX in facts.speeds.engines:  # timed, and not kept
        name, size, measured = ONNX, None, {}
    else:
        return rows
    # In fp32 it is checked to answer as the run does.
    figures = accuracy_columns(facts.reports if name == ONNX else measured)
    return [*rows, shared | _engine(name, facts) | {"bytes": size} | figures]


def _engine(name: str, facts: Facts) -> dict:
    speed: Speed | None = facts.speeds.engines.get(name) if facts.speeds else None
    if speed is None:
        return {"engine": name}
    where = {"machine": facts.speeds.machine[:80], "measured": facts.speeds.measured[:40]}
    return {"engine": name, **vars(speed), **where}
