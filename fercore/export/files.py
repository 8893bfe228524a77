"""A run in a format of others: files written aside, compared with the run's own model, and only then put in place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tqdm import trange

from fercore.data.dataset import Dataset
from fercore.evaluation.intervals import wilson
from fercore.export import huggingface, torchscript
from fercore.export.card import Exported, model_card
from fercore.export.onnx import CALIBRATION, quantise, write_onnx
from fercore.export.record import ONNX_FILE, OnnxRecord, write_record
from fercore.export.standalone import Difference, compare, crop_code, face_shape, require_equal
from fercore.inference.onnx import EXACT_INT8, OnnxModule
from fercore.models.ensemble import Ensemble
from fercore.models.hub import HubPreprocess
from fercore.models.registry import LoadedModel, load
from fercore.runs import Run, RunError, atomic_write, utc_now
from fercore.temporary import temporary_folder

FORMATS = ("onnx", "torchscript", "huggingface")
_EVALUATED = ("val", "test")
_BATCH = 64


@dataclass(frozen=True)
class Written:
    """What was exported: where, how far from the run's own model, and, of 8-bit integers, how often it is right."""

    place: Path
    difference: Difference
    accuracy: dict[str, dict]


def export_run(run: Run, format: str, out: Path, precision: str = "fp32", dataset: Dataset | None = None) -> Written:
    """Write files that run without this project, with a card, into a folder.

    Parameters
    ----------
    run
        A run with weights.
    format, precision
        One of `FORMATS`; "fp32", or "int8" for ONNX alone.
    out
        Folder to be made; it must not exist yet.
    dataset
        Of 8-bit integers: calibrates their ranges on its train split and measures them on val and test.

    Raises
    ------
    RunError
        If the model cannot be written in this format, or the files answer otherwise than the run. Nothing is left then.
    """
    if out.exists():
        raise RunError(f"{out} exists; delete it, or choose another folder with --out")
    model = _portable(run)
    with _aside(out) as folder:
        write = {"onnx": _onnx, "torchscript": _torchscript, "huggingface": _huggingface}[format]
        exported, written = write(run, model, folder, precision, dataset)
        (folder / "README.md").write_text(model_card(run, exported), "utf-8")
    return Written(out, written.difference, written.accuracy)


def export_into_run(run: Run, precision: str = "fp32", dataset: Dataset | None = None) -> Written:
    """Put an ONNX file and its record into a run's own folder, where Predict, Webcam and batches can use it."""
    model = _portable(run)
    with tempfile.TemporaryDirectory() as name:
        _, written = _onnx(run, model, Path(name), precision, dataset)
        content = (Path(name) / ONNX_FILE).read_bytes()
    atomic_write(run.path / ONNX_FILE, lambda file: file.write(content))
    packages = ("torch", "onnx", "onnxruntime")
    record = OnnxRecord(
        precision=precision,
        weights_sha256=run.weights_sha256(),
        calibration={"split": "train", "images": CALIBRATION, "seed": 0} if precision == "int8" else None,
        difference=vars(written.difference),
        accuracy=written.accuracy,
        versions={package: version(package) for package in packages},
        created=utc_now(),
    )
    write_record(run, record)
    return Written(run.path / ONNX_FILE, written.difference, written.accuracy)


def measure(answer: Callable[[np.ndarray], np.ndarray], run: Run, dataset: Dataset) -> dict[str, dict]:
    """How often a copy of a run's model is right on val and test, and how often it says what the run itself says.

    Returns
    -------
    dict
        Split -> value, low, high (Wilson, 95 %), n, split_name, same; as `record.OnnxRecord` keeps it.
    """
    found = {}
    for split in _EVALUATED:
        rows = dataset.some_indices(split)
        starts = trange(0, len(rows), _BATCH, unit="batch", desc=split, disable=None, leave=False)
        answers = [answer(np.array(dataset.images[rows[start : start + _BATCH]])) for start in starts]
        predicted, stored = np.concatenate(answers).argmax(axis=1), run.predictions(split)
        if not np.array_equal(stored.id, dataset.ids[rows]):
            raise RunError(f"{run.name} was evaluated on other images of {split} than those of {dataset.path}")
        right = int((predicted == dataset.labels[rows]).sum())
        same = float((predicted == stored.predicted).mean())
        names = {"n": len(rows), "split_name": dataset.split_name(split), "same": same}
        found[split] = wilson(right, len(rows)) | names
    return found


def _portable(run: Run) -> LoadedModel:
    """The run's model, if its preprocessing is our own."""
    model = load(run)
    parts = model.module.preprocesses if isinstance(model.module, Ensemble) else [model.preprocess]
    if any(isinstance(part, HubPreprocess) for part in parts):
        raise RunError(
            f"{run.name} prepares its input with a processor of transformers, which these formats cannot hold; take "
            "the model from where it was added from, or export a run that was trained here"
        )
    return model


@contextmanager
def _aside(out: Path) -> Iterator[Path]:
    """A folder that becomes `out` once it is complete, and is gone if anything fails."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(out.parent) as aside:
        folder = aside / out.name
        folder.mkdir()
        yield folder
        os.replace(folder, out)


def _probabilities(run: Run) -> str:
    return f"probabilities (N, {len(run.classes)})"


def _calibrating(run: Run, dataset: Dataset | None) -> np.ndarray:
    """Training images by which the ranges of 8-bit integers are chosen, of the run's own data set."""
    if dataset is None:
        raise RunError("8-bit integers are calibrated on Training images; prepare the data set, or export fp32")
    run.check_dataset(dataset.info["fingerprint"], dataset.path)
    rows = np.random.default_rng(0).choice(dataset.some_indices("train"), CALIBRATION)
    return np.array(dataset.images[np.sort(rows)])


def _onnx(
    run: Run, model: LoadedModel, folder: Path, precision: str, dataset: Dataset | None
) -> tuple[Exported, Written]:
    file, calibrating = folder / ONNX_FILE, None
    if precision == "int8":
        calibrating = _calibrating(run, dataset)  # refused before a file is written, which takes seconds
    write_onnx(model, file, run)
    difference = require_equal(compare(model, run, OnnxModule(file).answer), "ONNX file")
    accuracy, notes = {}, ""
    if calibrating is not None:
        quantise(file, calibrating, file)
        answer = OnnxModule(file).answer
        difference, accuracy = compare(model, run, answer), measure(answer, run, dataset)
        same = " and ".join(f"{figure['same']:.1%} of {figure['split_name']}" for figure in accuracy.values())
        notes = f"It says the same as the run on {same}."
    words = f"an ONNX file in {precision}"
    options = ""
    if precision == "int8":
        key, value = EXACT_INT8
        options = (
            "options = onnxruntime.SessionOptions()\n"
            "# Without it, 8-bit sums overflow on x86 processors that lack VNNI, and the answers are wrong.\n"
            f'options.add_session_config_entry("{key}", "{value}")\n'
        )
    opened = f'"{ONNX_FILE}", options' if options else f'"{ONNX_FILE}"'
    usage = (
        "import numpy as np, onnxruntime\nfrom PIL import Image\n\n"
        f"{options}session = onnxruntime.InferenceSession({opened})\n"
        f"crop = {crop_code(run)}\n"
        f'probabilities = session.run(None, {{"faces": crop[None]}})[0]  # (1, {len(run.classes)})'
    )
    inside = "Scaling and normalisation are inside the file."
    exported = Exported(words, ONNX_FILE, usage, inside, _probabilities(run), difference, notes, accuracy)
    return exported, Written(file, difference, accuracy)


def _torchscript(run: Run, model: LoadedModel, folder: Path, *_: object) -> tuple[Exported, Written]:
    file = folder / "model.pt"
    torchscript.write_torchscript(model, file, run)
    difference = require_equal(compare(model, run, lambda faces: torchscript.answer(file, faces)), "TorchScript file")
    usage = (
        "import numpy as np, torch\nfrom PIL import Image\n\n"
        f'model = torch.jit.load("{file.name}")\n'
        f"crop = {crop_code(run)}\n"
        f"probabilities = model(torch.from_numpy(crop[None]))  # (1, {len(run.classes)})"
    )
    notes = "torch still reads the format but has deprecated it: prefer ONNX for anything new."
    inside = "Scaling and normalisation are inside the file."
    exported = Exported("a TorchScript file", file.name, usage, inside, _probabilities(run), difference, notes)
    return exported, Written(file, difference, {})


def _huggingface(run: Run, model: LoadedModel, folder: Path, *_: object) -> tuple[Exported, Written]:
    if run.members:
        raise RunError(f"{run.name} is an ensemble, which transformers has no form for; use onnx or torchscript")
    own_code = huggingface.write_folder(run, model, folder)
    difference = require_equal(compare(model, run, lambda faces: huggingface.answer(folder, faces)), "folder")
    colours = "RGB" if len(face_shape(run)) == 3 else "L"
    trust = ", trust_remote_code=True" if own_code else ""
    usage = (
        "from PIL import Image\nfrom transformers import AutoImageProcessor, AutoModelForImageClassification\n\n"
        'processor = AutoImageProcessor.from_pretrained(".")\n'
        f'model = AutoModelForImageClassification.from_pretrained("."{trust}).eval()\n'
        f'inputs = processor(Image.open("face.png").convert("{colours}"), return_tensors="pt")\n'
        f"probabilities = model(**inputs).logits.softmax(dim=1)  # (1, {len(run.classes)})"
    )
    notes = (
        "The network is none of transformers' own: trust_remote_code=True runs the Python files beside this card, "
        "which need torch and torchvision."
        if own_code
        else "transformers opens it without any code of its own."
    )
    inside = "The folder's processor resizes, scales and normalises."
    exported = Exported(
        "a folder for transformers", "This folder", usage, inside, f"logits (N, {len(run.classes)})", difference, notes
    )
    return exported, Written(folder, difference, {})
