"""Train a model by a recipe and leave a run folder.

python scripts/train.py --recipe report-cnn
python scripts/train.py --recipe report-cnn --name wider --first-filters 96 --epochs 30
python scripts/train.py --resume wider
accelerate launch --cpu --num_processes 2 scripts/train.py --recipe report-cnn
"""

from __future__ import annotations

import argparse
import shlex
import sys
from datetime import datetime
from pathlib import Path

from accelerate import PartialState

from fercore.cli import add_roots, friendly_errors
from fercore.data.fer2013 import open_dataset
from fercore.runs import Run
from fercore.training import session
from fercore.training.config import Config, parse_flags, recipe_names


def parse(arguments: list[str]) -> tuple[argparse.Namespace, Config | None]:
    """The options, and the config that the recipe and its flags make; None where a run is resumed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, add_help=False
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--recipe", default="report-cnn", help=f"{', '.join(recipe_names())}, or a path to a .toml file")
    what.add_argument("--resume", metavar="NAME", help="go on with this interrupted run")
    parser.add_argument("--name", help="name of the run folder (default: recipe, date and time)")
    add_roots(parser)
    known, rest = parser.parse_known_args(arguments)
    if known.resume and not {"-h", "--help"} & set(rest):
        if rest or known.name:
            parser.error("--resume takes its settings from the run; give no others")
        return known, None
    return parse_flags(parser, arguments)


@friendly_errors
def main(arguments: list[str]) -> None:
    options, config = parse(arguments)
    dataset = open_dataset(options.data)
    if options.resume:
        run = session.resume(dataset, options.runs, options.resume)
    else:
        name = options.name or f"{config.recipe}-{datetime.now():%Y%m%d-%H%M%S}"
        command = shlex.join(["python", "scripts/train.py", *arguments])
        run = session.start(config, dataset, options.runs, name, command)
    if PartialState().is_main_process:  # under `accelerate launch` every process comes here
        print_result(run, options.runs)


def print_result(run: Run, root: Path) -> None:
    for split in ("val", "test"):
        metrics = run.metrics(split)
        accuracy = metrics["accuracy"]
        print(
            f"{metrics['split_name']}: {accuracy['value']:.1%} right "
            f"({accuracy['low']:.1%} to {accuracy['high']:.1%}, n = {metrics['n']:,})"
        )
    print(f"Run folder: {root / run.name}. See it with: streamlit run dashboard/Home.py")


if __name__ == "__main__":
    main(sys.argv[1:])
