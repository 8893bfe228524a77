"""ONNX files (https://onnx.ai): one file for every runtime that reads the format, in fp32 or as 8-bit integers."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from fercore.export.standalone import INPUT, OUTPUT, Standalone, example
from fercore.extras import import_extra
from fercore.models.registry import LoadedModel
from fercore.runs import Run, RunError

CALIBRATION = 512  # Training images: twice as many moved no range that mattered
_BATCH = 32
_SOFTMAX = ("Softmax", "LogSoftmax")


def write_onnx(model: LoadedModel, path: Path, run: Run) -> None:
    """Write a model with its preprocessing as one ONNX file in fp32, for batches of any size.

    Parameters
    ----------
    model, path
        The model, and the file to write.
    run
        Whose model it is: name and classes are kept in the file.

    Raises
    ------
    RunError
        If torch cannot express the model in ONNX, or the packages of the extra `export` are missing.
    """
    onnx = import_extra("onnx", "export")
    import_extra("onnxscript", "export")  # torch.onnx.export asks for it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about torch's own code
            torch.onnx.export(
                Standalone(model).eval(),
                (example(run),),
                path,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes={INPUT: {0: torch.export.Dim("batch", min=1)}},
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    except (torch.onnx.errors.OnnxExporterError, RuntimeError, ImportError) as error:
        raise RunError(f"{run.name} cannot be written as ONNX: {str(error)[:500]}") from error
    written = onnx.load(path)
    onnx.helper.set_model_props(written, {"name": run.name, "classes": json.dumps(list(run.classes))})
    onnx.save(written, path)


def quantise(source: Path, faces: np.ndarray, target: Path) -> None:
    """Write an ONNX model anew with 8-bit weights and activations, but for the layer that answers.

    Weights have a scale of their own for each output channel, activations one for each tensor, from the smallest and
    largest value that calibration faces cause (Jacob et al. 2018, https://arxiv.org/abs/1712.05877, by onnxruntime).

    Parameters
    ----------
    source, target
        The model in fp32, and the file to write.
    faces
        Calibration faces, uint8 (N, H, W) or (N, H, W, 3), of the train split.
    """
    import_extra("onnxruntime", "export")
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(source, prepared)  # folds batch normalisation into convolutions
        quantize_static(
            prepared,
            target,
            _Faces(faces),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            nodes_to_exclude=_answering(prepared),
        )


def _answering(path: Path) -> list[str]:
    """Names of the softmax and of the layer before it: of 256 steps each, probabilities would be coarse."""
    import onnx

    nodes = onnx.load(path).graph.node
    last = [node for node in nodes if node.op_type in _SOFTMAX]
    read = {name for node in last for name in node.input}
    return [node.name for node in [*last, *(node for node in nodes if read & set(node.output))]]


class _Faces:
    """Calibration faces as onnxruntime asks for them: batch after batch, then None."""

    def __init__(self, faces: np.ndarray) -> None:
        self._batches: Iterator[np.ndarray] = (faces[start : start + _BATCH] for start in range(0, len(faces), _BATCH))

    def get_next(self) -> dict[str, np.ndarray] | None:
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}
