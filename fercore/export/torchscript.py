"""TorchScript: a traced model that torch opens from Python or C++, without this project.

torch has deprecated the format in favour of torch.export and warns of it; version 2.15 still writes and reads it.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import torch

from fercore.export.standalone import Standalone, example
from fercore.models.registry import LoadedModel
from fercore.runs import Run


def write_torchscript(model: LoadedModel, path: Path, run: Run) -> None:
    """Write the model of a run with its preprocessing, traced, for batches of any size."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore", FutureWarning)  # that the format is deprecated, which the card says too
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # sizes of pictures are constant, the batch is not
        traced = torch.jit.trace(Standalone(model).eval(), (example(run),), check_trace=False)
        content = io.BytesIO()  # onto a full disk torch itself would end the whole process
        torch.jit.save(torch.jit.freeze(traced), content)
    path.write_bytes(content.getvalue())


def answer(path: Path, faces: np.ndarray) -> np.ndarray:
    """What a written model answers: uint8 faces -> probabilities (N, C)."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore", FutureWarning)
        return torch.jit.load(path)(torch.from_numpy(faces)).numpy()
