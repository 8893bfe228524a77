"""Several finished runs as one: the mean of their probabilities, evaluated and used like any other run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fercore import runs
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.transforms import PIXELS
from fercore.runs import MOST_MEMBERS, Predictions, Run, RunError
from fercore.training.evaluate import store
from fercore.training.run_info import made_with

COMBINED = "mean of probabilities"
_NEEDED = (("val", "none"), ("test", "none"))


def make_ensemble(root: Path, name: str, members: Sequence[str], command: str = "") -> Run:
    """Make a run of other runs from what they have stored; the images are not needed.

    Parameters
    ----------
    root, name
        The run folder will be root/name, beside its members.
    members
        Names of finished runs with weights that were evaluated on val and test.
    command
        What the user typed, for the record.

    Returns
    -------
    Run
        Evaluated on every split, with every augmentation at test time, on which all members are. It has no weights of
        its own: `fercore.models.registry.load` reads its members'.

    Raises
    ------
    RunError
        If the name is taken, or the members cannot be averaged; nothing is left then.
    """
    found = [runs.open_run(Path(root) / runs.check_name(member)) for member in members]
    _check(found)
    shared = [pair for pair in found[0].evaluations() if all(pair in run.evaluations() for run in found)]
    measured = [pair for pair in shared if pair[0] != "train"]
    answers = {pair: mean_prediction([run.predictions(*pair) for run in found]) for pair in measured}
    with runs.created_whole(root, name, _info(found, command)) as run:
        for (split, tta), predictions in answers.items():
            first = found[0].metrics(split, tta)
            notes = {"dataset_fingerprint": first.get("dataset_fingerprint"), "left_out": {}}
            split_name = first.get("split_name", OFFICIAL_SPLIT_NAMES[split])
            metrics = store(run, split, tta, predictions, split_name, notes)
            if (split, tta) == ("val", "none"):  # by which runs are ranked; no epoch was chosen
                value = metrics["accuracy"]["value"]
                run = runs.update_run(run, best={"epoch": None, "metric": "val_accuracy", "value": value})
        if (faces := found[0].average_faces()) is not None:
            runs.write_npz(run.path / "average_faces.npz", faces=faces)
        ensemble = run.info["ensemble"] | {"weights_sha256": run.weights_sha256()}
        runs.update_run(run, ensemble=ensemble, status="finished", finished=runs.utc_now())
    return runs.open_run(Path(root) / name)


def mean_prediction(parts: Sequence[Predictions]) -> Predictions:
    """The ensemble of several models: the mean of their probabilities, image by image.

    Raises
    ------
    RunError
        If they did not predict the same images.
    """
    first = parts[0]
    if not all(np.array_equal(part.id, first.id) and np.array_equal(part.label, first.label) for part in parts):
        raise RunError(
            "the models predicted different images; score them on the same data set with scripts/evaluate.py"
        )
    probabilities = np.mean([part.probabilities for part in parts], axis=0, dtype=np.float64)
    return Predictions(first.id, first.label, probabilities)


def _check(members: Sequence[Run]) -> None:
    names = [run.name for run in members]
    if not 2 <= len(names) <= MOST_MEMBERS or len(set(names)) < len(names):
        raise RunError(f"received the members {', '.join(names)}; expected 2 to {MOST_MEMBERS} different runs")
    for run in members:
        if run.members:
            raise RunError(f"{run.name} is an ensemble itself; name its members instead: {' '.join(run.members)}")
        if run.status != "finished" or not run.has_weights:
            state = run.status if run.status != "finished" else "without weights"
            raise RunError(f"{run.name} is {state}; an ensemble answers with finished runs that hold their weights")
        for split, tta in _NEEDED:
            run.metrics(split, tta)  # says what to run where there are none
        if (own := run.info["dataset"].get("fingerprint")) != (other := members[0].info["dataset"].get("fingerprint")):
            raise RunError(f"{run.name} was measured on the data set {own}, {members[0].name} on {other}")
        if run.classes != members[0].classes:
            raise RunError(
                f"{run.name} answers {', '.join(run.classes)}, but {members[0].name} answers "
                f"{', '.join(members[0].classes)}; an ensemble averages models of the same classes in the same order"
            )


def _info(members: Sequence[Run], command: str) -> dict:
    names = [run.name for run in members]
    parameters = [run.parameters for run in members]
    return {
        "command": command,
        **made_with(),
        "config": {"recipe": "ensemble", "model": {"type": "ensemble", "members": names}},
        "dataset": members[0].info["dataset"],
        "classes": list(members[0].classes),
        "preprocess": PIXELS.to_dict(),
        "parameters": None if None in parameters else sum(parameters),
        "trained_on": _trained_on(members),
        "best": None,
        "ensemble": {"members": names, "combined": COMBINED},
    }


def _trained_on(members: Sequence[Run]) -> dict:
    """What the members learned from, together and one by one; what one of them does not say is not known."""
    records = {run.name: run.info.get("trained_on") for run in members}
    of = {key: [_entry(record, key) for record in records.values()] for key in ("dataset", "splits", "extra_data")}
    first_weights = [record.get("pretraining") for record in records.values() if isinstance(record, dict)]
    return {
        "dataset": of["dataset"][0] if len(set(map(str, of["dataset"]))) == 1 else None,
        "splits": _union(of["splits"]),
        "extra_data": _union(of["extra_data"]),
        "pretraining": "; ".join(dict.fromkeys(filter(None, first_weights))) or None,
        "teacher": None,
        "members": records,
    }


def _entry(record: object, key: str) -> object:
    return record.get(key) if isinstance(record, dict) else None


def _union(lists: Sequence[object]) -> list | None:
    return sorted({item for own in lists for item in own}) if all(isinstance(own, list) for own in lists) else None
