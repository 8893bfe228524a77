"""Learning from a teacher: a finished run whose answers to each training image are a second target.

Hinton et al. 2015 (https://arxiv.org/abs/1503.02531): a class's probability also says what else an image looks like.
Touvron et al. 2021 (https://arxiv.org/abs/2012.12877): a vision transformer, which knows nothing of neighbouring
pixels, learns from a convolutional teacher what its few images alone do not tell. The teacher sees the very picture
that the student sees, augmented and mixed (Beyer et al. 2022, https://arxiv.org/abs/2106.05237).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from fercore import runs
from fercore.data.dataset import Dataset
from fercore.evaluation.contamination import contamination
from fercore.models.forward import model_input
from fercore.models.registry import LoadedModel, load
from fercore.runs import Run, RunError


@dataclass(frozen=True)
class Teacher:
    """A finished model to learn from; `record` is what run.json keeps of it."""

    model: LoadedModel
    record: dict[str, Any]

    @torch.no_grad()
    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Float 0..1 images (N, H, W) -> logits (N, C), without gradients."""
        return self.model.module(model_input(self.model.preprocess, pixels)).float()

    def check_unchanged(self, student: Run) -> None:
        """Raise RunError unless a student that goes on learning has this teacher, weight for weight."""
        trained_on = student.info.get("trained_on")
        known = trained_on.get("teacher") if isinstance(trained_on, dict) else None
        expected = known.get("weights_sha256") if isinstance(known, dict) else None
        if expected != self.record["weights_sha256"]:
            raise RunError(
                f"{student.name} learned from {self.record['name']} with weights of SHA-256 {expected}, but now they "
                f"are {self.record['weights_sha256']}; put the earlier ones back, or train under a new name"
            )


def open_teacher(name: str, dataset: Dataset, root: Path) -> Teacher:
    """The run of a name as a teacher of a training on a data set.

    Parameters
    ----------
    name
        A run in the folder of all runs.
    dataset, root
        What the student learns from, and the folder of all runs.

    Raises
    ------
    RunError
        If there is no such run with weights, it is not finished, or it learned from anything but this data set's train
        split: what a teacher knows of other images, its student would know too.
    """
    try:
        run = runs.open_run(Path(root) / runs.check_name(name))
        _check(run, dataset)
        model = load(run)
        if others := getattr(model.module, "others", None):
            raise RunError(f"{name} also knows the classes {', '.join(others)}; a teacher has our seven alone")
    except RunError as error:
        raise RunError(
            f"--teacher {name}: {error}. Train it first, name another run with --teacher, or learn without a teacher "
            "with --distillation 0 --guidance 0"
        ) from error
    return Teacher(model, {"name": name, "trained_on": run.info["trained_on"], "weights_sha256": run.weights_sha256()})


def soft_target_loss(student: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """How far a student's answers are from its teacher's.

    Parameters
    ----------
    student, teacher
        Logits (N, C).
    temperature
        Both are divided by it before softmax: the higher, the more small probabilities count.

    Returns
    -------
    torch.Tensor
        Mean Kullback-Leibler divergence in nats, 0 where both agree, times temperature squared, by which gradients keep
        their size (Hinton et al. 2015, section 2). Their cross-entropy is this plus a constant.
    """
    answers, targets = (F.log_softmax(logits / temperature, dim=1) for logits in (student, teacher))
    return F.kl_div(answers, targets, reduction="batchmean", log_target=True) * temperature**2


def _check(run: Run, dataset: Dataset) -> None:
    trained_on = run.info.get("trained_on")
    if run.status != "finished":
        raise RunError(f"{run.name} is {run.status}, expected a finished run")
    for split in ("val", "test"):
        if found := contamination(run, split):
            raise RunError(f"{run.name} may not teach: training data {found}")
    if trained_on["splits"] != ["train"] or trained_on.get("extra_data", []) != []:
        raise RunError(f"{run.name} was trained on {trained_on}, expected the train split alone")
    there, here = run.info["dataset"], dataset.summary()
    if any(there.get(key) != here[key] for key in ("fingerprint", "counts")):
        raise RunError(
            f"{run.name} was trained on other images than the train split of {dataset.path}, as it is for the folds of "
            "a cross-validation: what it knows of held-out images would leak"
        )
