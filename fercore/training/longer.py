"""More epochs for a run than it was started with, where that gives what so many epochs from the start would give."""

from __future__ import annotations

from fercore.fields import ConfigError
from fercore.runs import Run, RunError, utc_now
from fercore.training.checkpoint import has_state
from fercore.training.config import Config

_PLANNED = ("onecycle", "cosine")  # schedules whose learning rate depends on the number of epochs


def lengthened(run: Run, config: Config, epochs: int) -> Config:
    """The config of a run with another number of epochs.

    Each epoch draws from (seed, epoch) alone, so that a run whose learning rate does not depend on the number of epochs
    ends as if it had been started with so many.

    Raises
    ------
    RunError, ConfigError
        If its schedule, its study or what it left on disk does not allow that; the message says why and what to do.
    """
    training, anew = config.training, f"python scripts/train.py --recipe {config.recipe} --epochs {epochs} --name NEW"
    if run.part_of:
        raise RunError(f"{run.name} is a part of {run.part_of}, all runs of which share their number of epochs")
    if training.schedule in _PLANNED:
        raise RunError(
            f"--epochs: the schedule {training.schedule} of {run.name} lowers the learning rate over the "
            f"{training.epochs} epochs it was started with, so that none is left for more; the schedules constant and "
            f"plateau allow it. Train anew: {anew}; or begin a new run with its weights: --init-from {run.name}"
        )
    if not has_state(run.path):
        raise RunError(f"{run.name} holds no training state (last/), so no epoch can follow; train anew: {anew}")
    done, best = len(run.history()), run.info.get("best")
    if epochs <= done:
        raise ConfigError(f"--epochs: received {epochs}, but {run.name} has trained {done} already; expected more")
    waited = done - best["epoch"] if isinstance(best, dict) and type(best.get("epoch")) is int else 0
    if 0 < training.early_stopping <= waited:
        raise RunError(
            f"{run.name} was stopped early after {waited} epochs without a better val accuracy (--early-stopping "
            f"{training.early_stopping}), and would be again; train anew: {anew} --early-stopping 0"
        )
    return config.override(epochs=epochs)


def continued(run: Run, config: Config) -> dict[str, object]:
    """Entries of run.json that change when a run goes on to another number of epochs."""
    earlier = run.info.get("continued")
    entry = {"after": len(run.history()), "epochs": config.training.epochs, "at": utc_now()}
    return {"config": config.to_dict(), "continued": [*(earlier if isinstance(earlier, list) else []), entry]}
