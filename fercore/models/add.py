"""Models that others trained, made run folders: from the Hugging Face hub, or from a folder in its layout.

The run folder holds copies of the small files and a link to the weights. A link may lead anywhere: it is only ever
read, as safetensors, and whatever writes into a run folder puts a new file in the link's place.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from fercore import runs
from fercore.models.exported import is_exported, own_form
from fercore.models.hub import is_hub_config, open_folder
from fercore.models.hub_labels import HubError, classes_of, label_names
from fercore.models.registry import count_parameters, open_model
from fercore.runs import SPLITS, Run, RunError, check_name, read_json, write_json
from fercore.temporary import temporary_folder

FILES = ("config.json", "preprocessor_config.json", "processor_config.json", "model.safetensors", "README.md")
# What is known of published models beyond what their files say.
KNOWN = {
    "dima806/facial_emotions_image_detection": {
        "splits": list(SPLITS),
        "note": "Its published notebook merged all 35,887 images of FER2013, oversampled them to 62,923 and only then "
        "split them: copies of one image stand on both sides.",
    }
}
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_OTHER_WEIGHTS = {
    "pytorch_model.bin": "pickled weights, which are never opened; https://huggingface.co/spaces/safetensors/convert "
    "makes safetensors of them",
    "model.safetensors.index.json": "weights in several files; save the model again as one",
    "tf_model.h5": "TensorFlow's weights; save the model again from transformers",
}


def add_model(
    source: str,
    root: Path,
    *,
    name: str | None = None,
    revision: str | None = None,
    splits: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    command: str = "",
) -> Run:
    """Make a run folder of an image classifier, ready to be evaluated.

    Parameters
    ----------
    source
        OWNER/NAME on the Hugging Face hub, or a folder with config.json, preprocessor_config.json, model.safetensors.
    root, name
        The run folder will be root/name; by default the model's own name.
    revision
        Branch, tag or commit on the hub; the commit it means now is recorded.
    splits
        Splits of FER2013 that it learned from, none of them where empty; None where that is not known.
    labels
        The emotion of each output, for a model whose config does not name them.
    command
        What the user typed, for the record.

    Raises
    ------
    RunError
        If the model cannot be had, is no classifier of expressions, or the name is taken. Nothing is left then.
    """
    name = check_name(name or re.sub(r"[^A-Za-z0-9._-]", "-", Path(source).name).lstrip("._-")[:100])
    if (Path(root) / name).exists():
        raise RunError(f"run {name!r} exists in {root}; choose another name with --name")
    folder, origin = find_folder(source, revision)
    try:
        with _staged(folder, root, labels) as staged:
            labels, classes, module, preprocess = _open(staged)
            info = {
                "status": "finished",
                "finished": runs.utc_now(),
                "command": command,
                "versions": {package: version(package) for package in ("fercore", "torch", "transformers")},
                "config": {"model": {"type": read_json(staged / "config.json")["model_type"], **origin}},
                "dataset": {},  # what it is measured on, known with the first evaluation
                "classes": list(classes),
                "labels": labels,
                "preprocess": preprocess.to_dict(),
                "parameters": count_parameters(module),
                "trained_on": _trained_on(origin, splits),
                "best": None,
            }
            with runs.created_whole(root, name, info) as run:
                for file in staged.iterdir():
                    os.replace(file, run.path / file.name)
                digest = {"weights_sha256": run.weights_sha256(), "license": _license(folder)}
                runs.update_run(run, source=origin | digest)
    except HubError as error:
        raise RunError(f"{source} cannot be added: {error}") from error
    return runs.open_run(Path(root) / name)


def find_folder(source: str, revision: str | None = None) -> tuple[Path, dict[str, str]]:
    """Where a model's files are, downloaded if need be, and the record of where they came from.

    Raises
    ------
    RunError
        If there is neither such a folder nor such a model on the hub or, without a network, in its cache.
    """
    if Path(source).is_dir():
        if revision:
            raise RunError(f"--revision: received {revision!r}, but {source} is a folder, which has no revisions")
        return Path(source), {"folder": str(Path(source).resolve())}
    if not _HUB_ID.fullmatch(source):
        raise RunError(f"{source} is no folder here, and no OWNER/NAME of a model on the Hugging Face hub")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        # Without a network it takes what an earlier download left in its cache.
        folder = Path(snapshot_download(source, revision=revision, allow_patterns=list(FILES)))
    except (OSError, HFValidationError) as error:  # all errors of the hub and of the network are OSErrors
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise RunError(
            f"{source} cannot be had from the Hugging Face hub ({reason[0]}). Check its name and --revision; without a "
            f"network, fetch it where there is one with: hf download {source} --local-dir FOLDER, and give the folder"
        ) from error
    return folder, {"hub": source, "revision": folder.name}


@contextlib.contextmanager
def _staged(folder: Path, root: Path, labels: Sequence[str] | None) -> Iterator[Path]:
    """A folder beside the runs with what a run folder keeps of a model; gone afterwards."""
    weights = folder / "model.safetensors"
    if not weights.is_file():
        found = [f", but {name}: {words}" for name, words in _OTHER_WEIGHTS.items() if (folder / name).exists()]
        raise HubError("".join([f"{folder} holds no model.safetensors", *found]))
    content, processor = _config(folder, labels), _processor(folder)
    classes_of(label_names(content))  # before anything is made
    Path(root).mkdir(parents=True, exist_ok=True)
    with temporary_folder(Path(root)) as staged:
        if is_exported(content):  # an own network, which scripts/export.py wrote
            content, own_weights = own_form(content, processor, _weights(weights), label_names(content))
            (staged / "model.safetensors").write_bytes(own_weights)
        else:
            write_json(staged / "preprocessor_config.json", processor)
            _link(weights.absolute(), staged / "model.safetensors")
        write_json(staged / "config.json", content)
        yield staged


def _open(staged: Path) -> tuple[list[str], tuple[str, ...], nn.Module, Any]:
    """Labels, classes, model and preprocessing of a staged folder."""
    content = read_json(staged / "config.json")
    if is_hub_config(content):
        labels = label_names(content)
        classes = classes_of(labels)
        return labels, classes, *open_folder(staged, classes)
    labels = content["classes"]
    try:
        return labels, tuple(labels), *open_model(staged, tuple(labels))
    except RunError as error:
        raise HubError(f"its weights, settings and labels do not belong together ({error.__cause__})") from error


def _weights(file: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise HubError(f"its model.safetensors cannot be read ({error})") from error


def _config(folder: Path, labels: Sequence[str] | None) -> dict[str, Any]:
    try:
        content = read_json(folder / "config.json")
    except FileNotFoundError as error:
        raise HubError(f"{folder} holds no config.json") from error
    content.setdefault("architectures", None)
    if labels:
        known = content.get("id2label")
        if isinstance(known, dict) and len(known) != len(labels):
            raise HubError(f"--labels: received {len(labels)} names, but it has {len(known)} outputs")
        content |= {"id2label": {str(i): name for i, name in enumerate(labels)}}
        content |= {"label2id": {name: i for i, name in enumerate(labels)}}
    return content


def _processor(folder: Path) -> dict[str, Any]:
    """The image processor's config, which newer folders keep inside another file."""
    if (folder / "processor_config.json").is_file():
        nested = read_json(folder / "processor_config.json").get("image_processor")
        if isinstance(nested, dict):
            return nested
    if not (folder / "preprocessor_config.json").is_file():
        raise HubError(f"{folder} holds no preprocessor_config.json, so nobody can say what its input must look like")
    return read_json(folder / "preprocessor_config.json")


def _link(target: Path, link: Path) -> None:
    try:
        link.symlink_to(target)
    except OSError:  # Windows asks for a right to make symbolic links
        os.link(target, link)


def _trained_on(origin: dict[str, str], splits: Sequence[str] | None) -> dict[str, Any]:
    """What run.json records; what the user says goes before what is known."""
    known = KNOWN.get(origin.get("hub", ""), {}) if splits is None else {"splits": list(splits)}
    unknown = {"splits": None, "extra_data": None, "pretraining": "unknown", "teacher": None}
    return {"dataset": "FER2013" if known.get("splits") else None, **unknown, **known}


def _license(folder: Path) -> str | None:
    """The licence that a model card names."""
    from huggingface_hub import metadata_load

    try:
        card = metadata_load(folder / "README.md") if (folder / "README.md").is_file() else None
    except Exception:  # a card that nobody can parse names no licence
        return None
    found = card.get("license") if isinstance(card, dict) else None
    return found[:80] if isinstance(found, str) else None
