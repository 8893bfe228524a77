"""The full state of a training in one safetensors file, so that it can go on after any interruption.

One file, renamed into place, cannot be half of an epoch and half of the next; and unlike torch.save it needs no pickle.
Random states are not in it because there are none to keep: every epoch draws from (seed, epoch), see `loop`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from fercore.histories import HISTORY_COLUMNS
from fercore.run_files import RunError, atomic_write, own_folder
from fercore.untrusted import parse_json

_FILE = Path("last") / "state.safetensors"


def save_state(folder: Path, parts: dict[str, dict[str, Any]], progress: dict) -> None:
    """Write the state of an epoch's end, replacing the last one.

    Parameters
    ----------
    folder
        The run folder.
    parts
        Name -> state dict: of the model, of each optimizer, and of the average where there is one.
    progress
        What JSON can hold: finished epochs, history, best epoch, scheduler.
    """
    tensors: dict[str, torch.Tensor] = {}
    for part, state in parts.items():
        flat = _flatten_optimizer(state) if "param_groups" in state else state
        tensors |= {f"{part}.{name}": t.detach().contiguous().cpu() for name, t in flat.items()}
    path = folder / _FILE
    own_folder(path.parent)
    atomic_write(path, lambda file: file.write(save(tensors, {"progress": json.dumps(progress)})))


def has_state(folder: Path) -> bool:
    """Whether a run folder holds the state of a finished epoch."""
    return (folder / _FILE).is_file()


def load_state(folder: Path) -> tuple[dict[str, dict[str, Any]], dict] | None:
    """The last saved state as (parts, progress), or None where no epoch was finished."""
    path = folder / _FILE
    if not has_state(folder):
        return None
    parts: dict[str, dict[str, Any]] = {}
    try:
        with safe_open(path, framework="pt") as file:
            progress = parse_json(file.metadata()["progress"])
            for key in file.keys():  # noqa: SIM118 (safe_open is no dict)
                part, name = key.split(".", 1)
                parts.setdefault(part, {})[name] = file.get_tensor(key)
    except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
        raise RunError(f"{path}: the training state cannot be read ({error}); train again under a new name") from error
    return parts, progress


def check_progress(history: object, best: object) -> None:
    """Raise ValueError unless these are finished epochs and the best of them; the state may be an untrusted one."""
    rows = [row if isinstance(row, dict) else {} for row in history] if isinstance(history, list) else [{}]
    if not rows or any(type(row.get(name)) not in (int, float) for row in rows for name in HISTORY_COLUMNS):
        raise ValueError("history: expected a list of epochs, each with " + ", ".join(HISTORY_COLUMNS))
    numbers = isinstance(best, dict) and type(best.get("epoch")) is int and type(best.get("value")) in (int, float)
    if not numbers or not 1 <= best["epoch"] <= len(rows):
        raise ValueError("best: expected one of the epochs and its value")


def restore_optimizer(optimizer: torch.optim.Optimizer, flat: dict[str, torch.Tensor]) -> None:
    """Put tensors saved by `save_state` back; hyper-parameters stay those of the config."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in flat.items():
        index, key = name.split(".", 1)
        parameter = parameters[int(index)]
        if tensor.shape == parameter.shape:
            # In memory as the parameter lies (channels_last): sums over another order differ in the last bit.
            tensor = torch.empty_like(parameter).copy_(tensor)
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _flatten_optimizer(state: dict[str, Any]) -> dict[str, torch.Tensor]:
    return {
        f"{index}.{key}": value
        for index, values in state["state"].items()
        for key, value in values.items()
        if isinstance(value, torch.Tensor)
    }
