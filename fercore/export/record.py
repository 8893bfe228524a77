"""What a run folder says of the ONNX file in it (onnx.json). Imports no torch: pages read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fercore.runs import SPLITS, Run, RunError, read_json, write_json

ONNX_FILE, RECORD_FILE = "model.onnx", "onnx.json"
PRECISIONS = ("fp32", "int8")


@dataclass(frozen=True)
class OnnxRecord:
    """An ONNX file that was made of a run.

    Attributes
    ----------
    precision
        "fp32" or "int8".
    weights_sha256
        Digest of the weights that it was made of.
    calibration
        What the ranges of 8-bit activations were measured on: split, images and seed; None in fp32.
    difference
        From the run's torch model: largest and mean difference of two probabilities, and on what faces.
    accuracy
        Split -> value, low and high (fractions), n, split_name, and `same`, the share of images on which its answer is
        the run's own. What was not measured is missing.
    versions, created
        Of the packages that made it, and when.
    """

    precision: str
    weights_sha256: str
    calibration: dict[str, Any] | None
    difference: dict[str, Any]
    accuracy: dict[str, dict[str, Any]]
    versions: dict[str, str]
    created: str


def write_record(run: Run, record: OnnxRecord) -> None:
    """Keep what is known of the ONNX file in a run's folder."""
    write_json(run.path / RECORD_FILE, asdict(record))


def read_record(run: Run) -> OnnxRecord | None:
    """What is known of the ONNX file in a run's folder; None where there is no such file.

    Raises
    ------
    RunError
        If it cannot be read: run folders come from strangers too.
    """
    path = run.path / RECORD_FILE
    if not path.is_file() or not (run.path / ONNX_FILE).is_file():
        return None
    try:
        record = OnnxRecord(**read_json(path))
    except TypeError as error:
        raise RunError(f"{path}: not the record of an ONNX file ({error}); export the run again") from error
    if record.precision not in PRECISIONS or not isinstance(record.weights_sha256, str):
        raise RunError(f"{path}: precision {record.precision!r}, expected one of {', '.join(PRECISIONS)}")
    if not isinstance(record.accuracy, dict) or not all(_is_figure(*entry) for entry in record.accuracy.items()):
        raise RunError(f"{path}: its accuracy is no figure with an interval; export the run again")
    return record


def _is_figure(split: object, figure: object) -> bool:
    numbers = [figure.get(key) for key in ("value", "low", "high")] if isinstance(figure, Mapping) else [None]
    return split in SPLITS and all(type(number) in (int, float) and 0 <= number <= 1 for number in numbers)
