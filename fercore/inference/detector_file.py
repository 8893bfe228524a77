"""YuNet's file: where it is looked for, and how it is fetched once.

The project does not carry it: the file has the MIT licence, but was trained on WIDER Face, which is CC BY-NC-ND, and
whether that reaches the weights is unsettled.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from fercore.fields import ConfigError
from fercore.run_files import atomic_write

NAME = "face_detection_yunet_2026may.onnx"
SHA256 = "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"
REPOSITORIES = ("opencv/face_detection_yunet", "pollen-robotics/face_detection_yunet_2026may")
VARIABLE = "FERCORE_DETECTOR"  # names a file, or mtcnn
MTCNN = "mtcnn"
GET = "python scripts/get_detector.py"


def cached_file() -> Path:
    """Where `fetch` keeps the file: in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "fercore" / NAME


def known_file(named: Path | str | None = None) -> Path | None:
    """YuNet's file, or None where MTCNN is to be used.

    Parameters
    ----------
    named
        The file, or "mtcnn". Without it the environment variable FERCORE_DETECTOR names one or the other, and without
        that the file in the user's cache counts, where there is one.

    Raises
    ------
    ConfigError
        If a named file does not exist.
    """
    named = named or os.environ.get(VARIABLE)
    if not named:
        return file if (file := cached_file()).is_file() else None
    if str(named) == MTCNN:
        return None
    if not Path(named).is_file():
        raise ConfigError(
            f"the face detector: there is no file {named}; expected YuNet's ONNX file, or {MTCNN!r}. {GET} fetches it"
        )
    return Path(named)


def fetch(target: Path | None = None) -> Path:
    """Download the file from the Hugging Face hub, check its SHA-256, and keep it.

    Parameters
    ----------
    target
        Where; by default `cached_file()`. A file there that has the right hash is left as it is.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    ConfigError
        If no repository gives the file, or another one than expected; nothing is kept then.
    """
    target = target or cached_file()
    if target.is_file() and _sha256(target.read_bytes()) == SHA256:
        return target
    problems = []
    for repository in REPOSITORIES:
        try:
            content = _download(repository)
        except Exception as error:  # the hub's client lets through what HTTP, the disk and the network raise
            problems.append(f"{repository}: {type(error).__name__}: {str(error).strip()[:200]}")
            continue
        if (found := _sha256(content)) != SHA256:
            problems.append(f"{repository}: its SHA-256 is {found}, expected {SHA256}")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, lambda file, content=content: file.write(content))
        return target
    raise ConfigError(
        f"{NAME} could not be fetched ({'; '.join(problems)}); check the connection, or download it in a browser from "
        f"https://huggingface.co/{REPOSITORIES[0]} and name it with --detector FILE or {VARIABLE}"
    )


def _download(repository: str) -> bytes:
    from huggingface_hub import hf_hub_download  # takes its time, and only this function needs it

    return Path(hf_hub_download(repository, NAME)).read_bytes()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
