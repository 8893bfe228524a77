"""The ONNX file of a run in the place of its torch model: `python scripts/export.py RUN --format onnx --into-run`.

A run folder may be a stranger's: the file is read as bytes, may refer to no other file, and must take faces and give
a probability of each class.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torchvision.transforms.v2 import functional as TF

from fercore.data.transforms import PIXELS, luma
from fercore.emotions import MOST_CLASSES
from fercore.export.record import ONNX_FILE, read_record
from fercore.extras import import_extra
from fercore.models.registry import LoadedModel
from fercore.runs import Run, RunError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Without this option, sums of 8-bit products overflow on x86 processors without VNNI, and the answers are wrong: on an
# AVX2 machine reference-fast was right on 47 % of 500 images instead of 65 %. With it the answers are right, at half as
# much time again; on other processors it changes nothing (onnxruntime: "Quantize ONNX models").
EXACT_INT8 = ("session.x64quantprecision", "1")
_MOST_BYTES = 1 << 30
_SMALLEST = float(np.finfo(np.float32).tiny)  # of which the logarithm is still a number


class OnnxModule(nn.Module):
    """An ONNX model with its own preprocessing, in the form of all our models; it has no gradients.

    Parameters
    ----------
    path
        The file.
    threads
        How many threads one answer may use; several may ask at the same time.

    Raises
    ------
    RunError
        If it is no model that takes uint8 faces, (N, H, W) or (N, H, W, 3), and gives probabilities (N, C).
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        super().__init__()
        self._session = _open(path, threads)
        self._input = self._session.get_inputs()[0].name
        self.classes: int = self._session.get_outputs()[0].shape[1]
        self._shape = tuple(self._session.get_inputs()[0].shape[1:])

    def answer(self, faces: np.ndarray) -> np.ndarray:
        """uint8 faces of the file's shape, 0 to 255 -> float32 probabilities (N, C); may be called from any thread."""
        return self._session.run(None, {self._input: faces})[0]

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Faces (N, 1 or 3, H, W), 0..1 as `PIXELS` leaves them -> logarithms (N, C) of the probabilities.

        They are brought to the size and the colours that the file takes.

        They are logits like any model's: softmax of them is the probabilities.
        """
        if pixels.shape[2:] != self._shape[:2]:
            pixels = TF.resize(pixels, list(self._shape[:2]), antialias=True)
        if len(self._shape) == 3:
            faces = pixels.expand(-1, 3, -1, -1).permute(0, 2, 3, 1)
        else:
            faces = (pixels if pixels.shape[1] == 1 else luma(pixels)).squeeze(1)
        faces = (faces * 255).round().byte().cpu().numpy()
        return torch.from_numpy(self.answer(faces)).clamp_min(_SMALLEST).log().to(pixels.device)


def load_onnx(run: Run, threads: int = 1) -> LoadedModel:
    """The ONNX model of a run folder, ready to predict as `fercore.models.registry.load` gives its torch model.

    Raises
    ------
    RunError
        If the run has none, it cannot be used, it was made of other weights than the run now holds, or the packages of
        the extra `export` are missing.
    """
    for name in ("onnx", "onnxruntime"):
        import_extra(name, "export")
    record = read_record(run)
    if record is None:
        raise RunError(
            f"{run.name} has no ONNX file; make one with: python scripts/export.py {run.name} --format onnx --into-run"
        )
    if run.has_weights and record.weights_sha256 != run.weights_sha256():
        raise RunError(
            f"{run.path / ONNX_FILE} was made of other weights than {run.name} holds now; make it again with: "
            f"python scripts/export.py {run.name} --format onnx --into-run"
        )
    model = OnnxModule(run.path / ONNX_FILE, threads)
    if model.classes != len(run.classes):
        raise RunError(
            f"{run.path / ONNX_FILE} gives {model.classes} probabilities, expected one of each class of run.json: "
            f"{', '.join(run.classes)}"
        )
    return LoadedModel(model.eval(), PIXELS)


def _open(path: Path, threads: int) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # errors alone
    options.add_session_config_entry(*EXACT_INT8)
    try:
        content = _read(path)
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except RunError:
        raise
    except Exception as error:  # a stranger's file can break the runtime in any way
        raise RunError(f"{path}: onnxruntime cannot open it ({str(error)[:300]})") from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    found = [(one.type, one.shape[1:]) for one in (*inputs, *outputs)]
    if not _takes_faces(found):
        raise RunError(
            f"{path}: its inputs and outputs are {found}, expected uint8 faces (N, H, W) or (N, H, W, 3) and float "
            "probabilities (N, C)"
        )
    return session


def _takes_faces(found: list[tuple[str, list]]) -> bool:
    """Whether the types and shapes of inputs and outputs are those of one batch of faces and its probabilities."""
    if [kind for kind, _ in found] != ["tensor(uint8)", "tensor(float)"]:
        return False
    (side, *others), classes = found[0][1] or [None], found[1][1]
    square = type(side) is int and 8 <= side <= 1024 and others in ([side], [side, 3])
    return square and len(classes) == 1 and type(classes[0]) is int and 2 <= classes[0] <= MOST_CLASSES


def _read(path: Path) -> bytes:
    """A regular file of a size that can be one, all of whose tensors are inside it."""
    import onnx
    from onnx.external_data_helper import uses_external_data

    about = path.stat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > _MOST_BYTES:
        raise RunError(f"{path}: expected a file of at most {_MOST_BYTES:,} bytes, received {about.st_size:,}")
    content = path.read_bytes()
    model = onnx.load_model_from_string(content)
    attributes = [attribute for node in model.graph.node for attribute in node.attribute]
    graphs = [attribute.name for attribute in attributes if attribute.HasField("g") or attribute.graphs]
    if graphs or model.functions:
        raise RunError(f"{path}: it holds graphs inside its graph, which no model of ours does")
    constants = [attribute.t for attribute in attributes if attribute.HasField("t")]
    if any(uses_external_data(tensor) for tensor in [*model.graph.initializer, *constants]):
        raise RunError(f"{path}: its weights lie in another file, which is not read")
    return content
