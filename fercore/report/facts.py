"""What run.json says, as pairs of a name and a text. Run folders come from strangers: any entry may be anything."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path

from fercore.charts.style import count
from fercore.data.dataset import SPLITS
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.evaluation.learning import config_table
from fercore.evaluation.studies import entries
from fercore.runs import Run

UNKNOWN = "not recorded"
_LONGEST = 400  # characters of one text
Facts = list[tuple[str, str]]


def told(value: object) -> str:
    """A value of run.json as a text of bounded length; "not recorded" where there is none."""
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, list) and all(isinstance(part, str | int | float) for part in value):
        value = ", ".join(map(str, value)) or "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def split_name(run: Run, split: str) -> str:
    """What a run's data set calls a split: "PrivateTest"."""
    return told(_entry(run.info["dataset"], "split_names").get(split, OFFICIAL_SPLIT_NAMES[split]))


def model(run: Run) -> Facts:
    """What kind of model it is and what it learned from."""
    config, trained_on = _entry(run.info, "config"), run.info.get("trained_on")
    learned = trained_on if isinstance(trained_on, dict) else {}
    facts = [
        ("Architecture", told(_entry(config, "model").get("type"))),
        ("Recipe", told(config.get("recipe"))),
        ("Parameters", UNKNOWN if run.parameters is None else count(run.parameters)),
        ("Weights", f"{count(run.weights_bytes)} bytes, safetensors" if run.has_weights else "not in this run folder"),
        ("Input", _input(_entry(run.info, "preprocess"))),
        ("Output", f"probabilities of {len(run.classes)} expressions: {told(list(run.classes))}"),
        ("Learned from", _splits(run, learned)),
        ("Further data", told(learned.get("extra_data"))),
        ("Pretraining", "none" if learned.get("pretraining", "") is None else told(learned.get("pretraining"))),
    ]
    names = {"teacher": "Teacher", "members": "Members"}
    facts += [(label, _named(learned[key])) for key, label in names.items() if learned.get(key)]
    for key, label in {"source": "Comes from", "study": "Part of the study", "kfold": "Cross-validation"}.items():
        for found in entries(run, key):
            facts += [(f"{label}: {told(name)}", told(value)) for name, value in found.items() if name != "scores"]
    return facts


def data(run: Run) -> Facts:
    """Which data set the run is about."""
    dataset = run.info["dataset"]
    return [
        ("Data set", told(_entry(run.info, "trained_on").get("dataset"))),
        ("Read from", told(dataset.get("source"))),
        ("Fingerprint of pixels and labels", told(dataset.get("fingerprint"))),
    ]


def counts(run: Run) -> list[dict]:
    """Images of each class in each split: name, counts in the run's order, and total; empty where unknown."""
    known, rows = _entry(run.info["dataset"], "counts"), []
    for split in SPLITS:
        own = _entry(known, split)
        numbers = [own.get(emotion) for emotion in run.classes]
        if all(type(number) is int and 0 <= number < 2**63 for number in numbers):
            rows.append({"name": split_name(run, split), "counts": numbers, "total": sum(numbers)})
    return rows


def provenance(run: Run) -> Facts:
    """By what the run was made, so that it can be made again."""
    info = run.info
    versions = ", ".join(f"{told(name)} {told(version)}" for name, version in _entry(info, "versions").items())
    best = info.get("best")
    return [
        ("Command", told(info.get("command"))),
        ("Status", run.status),
        ("Problem", told(info.get("problem"))) if info.get("problem") else ("Began (UTC)", told(info.get("created"))),
        ("Finished (UTC)", told(info.get("finished"))),
        ("Git commit", told(info.get("git_commit"))),
        ("Seed", told(info.get("seed"))),
        ("Versions", versions or UNKNOWN),
        ("Device and threads", f"{told(info.get('device'))}; {told(info.get('threads'))} threads"),
        ("Best epoch", told(best) if isinstance(best, dict) else UNKNOWN),
        (
            "This report",
            f"made by fercore {importlib.metadata.version('fercore')}: python scripts/report.py {run.name}",
        ),
    ]


def settings(run: Run) -> Facts:
    """Every setting of the run's configuration."""
    table = config_table({"run": _entry(run.info, "config")})
    return [(told(name), told(value)) for name, value in table["run"].items()]


def fingerprints(run: Run) -> Facts:
    """SHA-256 of the files behind the report: weights, history and predictions."""
    names = ["model.safetensors", "config.json", "history.csv"]
    names += sorted(path.name for path in run.path.glob("predictions_*.npz"))
    return [(name, _sha256(run.path / name)) for name in names if (run.path / name).is_file()]


def _entry(content: Mapping, key: str) -> dict:
    """An object inside another one; empty where there is something else."""
    found = content.get(key)
    return found if isinstance(found, dict) else {}


def _input(preprocess: Mapping) -> str:
    if not preprocess:
        return UNKNOWN
    return ", ".join(f"{told(name)} {told(value)}" for name, value in preprocess.items())


def _splits(run: Run, learned: Mapping) -> str:
    splits = learned.get("splits")
    if not isinstance(splits, list):
        return "not known"
    images = learned.get("images")
    own = f" ({count(images)} images)" if type(images) is int else ""
    return ", ".join(split_name(run, split) if split in SPLITS else told(split) for split in splits) + own


def _named(found: object) -> str:
    if isinstance(found, dict):
        name = found.get("name")
        return told(name if isinstance(name, str) else ", ".join(map(str, found)))
    return told(found)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
