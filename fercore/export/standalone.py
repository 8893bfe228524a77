"""A run's model from the pixels of a face to its probabilities, and how far an exported copy is from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from fercore.models.forward import probabilities
from fercore.models.registry import LoadedModel
from fercore.runs import Run, RunError

INPUT, OUTPUT = "faces", "probabilities"
LIMIT = 1e-4  # between two probabilities of one model in fp32: sums are taken in another order
_RANDOM = 57  # faces of noise in the check, beside an average face of each class
_SHAPE = (48, 48)  # of the faces of a run that holds none, which is older than data sets of other sizes


@dataclass(frozen=True)
class Difference:
    """How far an exported model is from the run's own.

    Attributes
    ----------
    largest, mean
        Of the absolute differences of all probabilities.
    faces
        What they were measured on, in words.
    """

    largest: float
    mean: float
    faces: str


class Standalone(nn.Module):
    """A model with its preprocessing inside: uint8 faces -> float32 probabilities (N, C).

    Faces are (N, H, W) gray or (N, H, W, 3) in colour, as the data are that the model learned from. Other layouts of
    memory than the usual one mean nothing to an exported file, so none is asked for.
    """

    def __init__(self, model: LoadedModel) -> None:
        super().__init__()
        self.module, self.preprocess = model.module, model.preprocess

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        if faces.ndim == 4:
            faces = faces.permute(0, 3, 1, 2)
        return self.module(self.preprocess(faces)).softmax(dim=1)


def face_shape(run: Run) -> tuple[int, ...]:
    """Shape of the faces that a run's model learned from: (H, W) gray, (H, W, 3) in colour."""
    average = run.average_faces()
    return _SHAPE if average is None else average.shape[1:]


def crop_code(run: Run) -> str:
    """Python that makes such a face of a picture file."""
    height, width, *colours = face_shape(run)
    return f'np.array(Image.open("face.png").convert("{"RGB" if colours else "L"}").resize(({width}, {height})))'


def example(run: Run) -> torch.Tensor:
    """What a model is traced with: two faces, since a batch of one is taken for a constant."""
    return torch.zeros(2, *face_shape(run), dtype=torch.uint8)


def check_faces(run: Run, seed: int = 0) -> tuple[np.ndarray, str]:
    """Faces to compare two copies of a model on, uint8 as its data are, and what they are: noise and average faces."""
    noise = np.random.default_rng(seed).integers(0, 256, (_RANDOM, *face_shape(run)), dtype=np.uint8)
    average = run.average_faces()
    if average is None:
        return noise, f"{len(noise)} random pictures"
    return np.concatenate([noise, average]), f"{len(noise)} random pictures and the {len(average)} average faces"


def compare(model: LoadedModel, run: Run, answer: Callable[[np.ndarray], np.ndarray]) -> Difference:
    """Compare a run's model with a copy of it.

    Parameters
    ----------
    model, run
        The model, and the run it is of.
    answer
        The copy: uint8 faces -> probabilities (N, C).
    """
    faces, words = check_faces(run)
    gaps = np.abs(answer(faces) - probabilities(model.module, model.preprocess, faces))
    return Difference(float(gaps.max()), float(gaps.mean()), words)


def require_equal(found: Difference, what: str) -> Difference:
    """The difference itself where it is no more than rounding, else RunError: such a file must not be kept."""
    if not found.largest <= LIMIT:  # NaN is no small difference either
        raise RunError(
            f"the {what} answers otherwise than the run's own model: probabilities differ by up to {found.largest:.2g} "
            f"on {found.faces}, expected at most {LIMIT:g}; nothing was kept"
        )
    return found
