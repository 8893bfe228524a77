"""First weights from a finished run: what it learned is the start, whatever classes it had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fercore import runs
from fercore.fields import ConfigError
from fercore.models.registry import stored_module
from fercore.runs import RunError


@dataclass(frozen=True)
class FirstWeights:
    """Weights to start from, the classes of their last layer, and what run.json keeps of them."""

    state: dict[str, torch.Tensor]
    classes: tuple[str, ...]
    record: dict[str, Any]


def open_first_weights(name: str, root: Path) -> FirstWeights:
    """The weights of a finished run.

    Parameters
    ----------
    name, root
        A run in the folder of all runs.

    Raises
    ------
    RunError
        If there is no such run with weights of its own, or it is not finished.
    """
    try:
        run = runs.open_run(Path(root) / runs.check_name(name))
        if run.status != "finished":
            raise RunError(f"{name} is {run.status}, expected a finished run")
        if run.members:
            raise RunError(f"{name} is an ensemble; name one of its members: {', '.join(run.members)}")
        state = stored_module(run).state_dict()
    except RunError as error:
        raise RunError(f"--init-from {name}: {error}. Name another run, or leave --init-from out") from error
    record = {"name": name, "trained_on": run.info.get("trained_on"), "weights_sha256": run.weights_sha256()}
    return FirstWeights(state, run.classes, record)


@torch.no_grad()
def start_from(module: nn.Module, classes: Sequence[str], first: FirstWeights) -> None:
    """Put the weights of a run into a fresh model of the same architecture.

    Parameters
    ----------
    module, classes
        The model, changed in place, and its classes in order. In its last layer each class keeps what the run learned
        of the class of that name; a class that the run did not have keeps its fresh weights.
    first
        Where to start.

    Raises
    ------
    ConfigError
        If the run's model is another; nothing is changed then.
    """
    state, head = module.state_dict(), _last_layer(module)
    started = {}
    for name in [*state, *first.state]:
        fresh, given = state.get(name), first.state.get(name)
        if given is not None and fresh is not None and name.rpartition(".")[0] == head:
            given = _by_class(fresh, given, classes, first.classes)
        if given is None or fresh is None or given.shape != fresh.shape:
            raise ConfigError(
                f"--init-from {first.record['name']}: its model has {_shape(given)} for {name}, expected "
                f"{_shape(fresh)}; train the same architecture, as its recipe and flags say, or leave --init-from out"
            )
        started[name] = given
    module.load_state_dict(started)


def _last_layer(module: nn.Module) -> str:
    return [name for name, part in module.named_modules() if isinstance(part, nn.Linear)][-1]


def _by_class(
    fresh: torch.Tensor, given: torch.Tensor, classes: Sequence[str], known: Sequence[str]
) -> torch.Tensor | None:
    """The last layer's rows for `classes`, from rows for the `known` ones; None where the rest does not fit."""
    if len(given) != len(known) or given.shape[1:] != fresh.shape[1:]:
        return None
    rows = fresh.clone()
    for row, name in enumerate(classes):
        if name in known:
            rows[row] = given[list(known).index(name)].to(fresh)
    return rows


def _shape(tensor: torch.Tensor | None) -> str:
    return "nothing" if tensor is None else " x ".join(map(str, tensor.shape)) or "a number"
