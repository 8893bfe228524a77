"""What all scripts share: their help, where data and runs are, which run is meant, and how an error is told."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fercore.data.dataset import DataError
from fercore.fields import ConfigError
from fercore.run_names import RUN_SETTINGS, RUNS_SETTING, run_name
from fercore.runs import RunError

if TYPE_CHECKING:
    from fercore.training.config import Config

EXPECTED_ERRORS = (DataError, RunError, ConfigError)
DATA_SETTING = "FERCORE_DATA"  # environment variable that names the data set, for the dashboard too


class ScriptParser(argparse.ArgumentParser):
    """An argument parser whose help opens with what the script does and with examples, before all flags.

    Parameters
    ----------
    opening
        The script's docstring: one sentence, examples, and what else there is to know.
    settings
        As `argparse.ArgumentParser` takes them.
    """

    def __init__(self, opening: str, **settings: object) -> None:
        super().__init__(**settings)
        self._opening = opening.strip()

    def format_help(self) -> str:
        return f"{self._opening}\n\n{super().format_help()}"


def add_roots(parser: argparse.ArgumentParser) -> None:
    """The two options of every script."""
    folder = Path(os.environ.get(DATA_SETTING) or "data/fer2013")
    text = f"data set (%(default)s; {DATA_SETTING} sets another default)"
    parser.add_argument("--data", type=Path, default=folder, metavar="DIR", help=text)
    add_runs(parser)


def add_runs(parser: argparse.ArgumentParser) -> None:
    """The option that says where run folders are; `FERCORE_RUNS` sets its default."""
    folder = Path(os.environ.get(RUNS_SETTING) or "runs")
    text = f"run folders (%(default)s; {RUNS_SETTING} sets another default)"
    parser.add_argument("--runs", type=Path, default=folder, metavar="DIR", help=text)


def add_run(parser: argparse.ArgumentParser, what: str) -> None:
    """The argument that says which run is meant, by name or path: open it with `fercore.run_names.find_run`."""
    parser.add_argument("run", metavar="RUN", help=f"{what}: its name, or a path to its folder")


def add_trackers(parser: argparse.ArgumentParser, **settings: object) -> None:
    """The option that names trackers of others; `fercore.training.trackers` knows them."""
    text = "trackers to send its figures to, too: tensorboard, wandb, mlflow, trackio"
    parser.add_argument("--log-with", nargs="+", default=(), metavar="TRACKER", **{"help": text, **settings})


def filled(text: str) -> str:
    """The type of an option that must not be empty, as a shell variable that is not set would make it."""
    if not text:
        raise argparse.ArgumentTypeError("received an empty text (a variable that is not set?), expected a name")
    return text


def with_run_names(config: Config, root: Path) -> Config:
    """A training's config in which the runs that it builds on are given by name, as training looks them up."""
    given = {name: getattr(config.training, name) for name in RUN_SETTINGS}
    return config.override(**{name: run_name(run, root) for name, run in given.items() if run})


def friendly_errors(main: Callable[..., None]) -> Callable[..., None]:
    """Turn what a user can mend into one message on stderr and exit code 2, Ctrl-C into exit code 130."""

    @functools.wraps(main)
    def wrapped(*arguments: object) -> None:
        try:
            main(*arguments)
        except EXPECTED_ERRORS as error:
            print(f"error: {error}", file=sys.stderr)
            raise SystemExit(2) from None
        except OSError as error:
            print(f"error: the system says: {error}; nothing earlier was lost", file=sys.stderr)
            raise SystemExit(2) from None
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            raise SystemExit(130) from None

    return wrapped
