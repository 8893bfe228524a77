"""What run.json tells of a training: everything to repeat it, and with what it was made."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import torch

from fercore.data.dataset import Dataset
from fercore.evaluation.contamination import FER2013
from fercore.models.registry import count_parameters
from fercore.training.setup import Fit


def describe(fit: Fit, dataset: Dataset, command: str, decisions: dict | None) -> dict:
    """What run.json tells of a training that begins."""
    precision, processes = fit.accelerator.mixed_precision, fit.accelerator.num_processes
    device = fit.accelerator.device.type + (f" ({torch.cuda.get_device_name()})" if torch.cuda.is_available() else "")
    return {
        "command": command,
        **made_with(),
        "device": f"{device}, {'fp32' if precision == 'no' else precision}"
        + f", {processes} processes" * (processes > 1),
        "threads": torch.get_num_threads(),
        "config": fit.config.to_dict(),
        "seed": fit.config.training.seed,
        "dataset": dataset.summary(),
        "classes": list(dataset.classes),
        "preprocess": fit.preprocess.to_dict(),
        "parameters": count_parameters(fit.module),
        "trained_on": {
            "dataset": FER2013 if dataset.name == FER2013.lower() else dataset.name,
            "splits": ["train"],
            "images": len(fit.targets),
            "decisions": decisions,
            "extra_data": [],
            "targets": fit.config.training.targets,
            "pretraining": fit.pretraining,
            "init_from": fit.first.record if fit.first else None,
            "teacher": fit.teacher.record if fit.teacher else None,
        },
        "best": None,
    }


def made_with() -> dict:
    """For run.json: the versions that a run is made with, and the commit of this repository, None outside one."""
    packages = ("fercore", "torch", "torchvision", "accelerate", "numpy")
    versions = {"python": platform.python_version(), **{package: version(package) for package in packages}}
    return {"versions": versions, "git_commit": _git_commit()}


def _git_commit() -> str | None:
    try:
        command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
