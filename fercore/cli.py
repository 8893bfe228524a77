"""What all scripts share: where data and runs are, and how an error is told."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path

from fercore.data.fer2013 import DataError
from fercore.fields import ConfigError
from fercore.runs import RunError

EXPECTED_ERRORS = (DataError, RunError, ConfigError)


def add_roots(parser: argparse.ArgumentParser) -> None:
    """The two options of every script."""
    parser.add_argument("--data", type=Path, default=Path("data/fer2013"), metavar="DIR", help="data set (%(default)s)")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="run folders (%(default)s)")


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
