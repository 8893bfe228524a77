"""Train a model by a recipe and leave a run folder.

python scripts/train.py --recipe report-cnn
python scripts/train.py --recipe report-cnn --name wider --first-filters 96 --epochs 30
python scripts/train.py --recipe best --measure
python scripts/train.py --recipe best --log-with tensorboard
python scripts/train.py --recipe resnet18 --model timm:convnext_tiny --weights imagenet
python scripts/train.py --resume wider
python scripts/train.py --resume wider --epochs 40
accelerate launch --cpu --num_processes 2 scripts/train.py --recipe report-cnn
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from datetime import datetime
from pathlib import Path

from accelerate import PartialState

from fercore.charts.style import percent, range_words
from fercore.cli import ScriptParser, add_roots, add_trackers, filled, friendly_errors, with_run_names
from fercore.data.dataset import DataError, Dataset, find_dataset, is_same, open_dataset
from fercore.run_names import find_run
from fercore.runs import Run
from fercore.training import session
from fercore.training.config import Config, parse_flags, recipe_names
from fercore.training.measure import measure

USAGE = "%(prog)s [--recipe RECIPE | --resume RUN] [--name NAME] [a flag for any setting below]"


def parse(arguments: list[str]) -> tuple[argparse.Namespace, Config | None]:
    """The options, and the config that the recipe and its flags make; None where a run is resumed."""
    parser = ScriptParser(__doc__, usage=USAGE, allow_abbrev=False, add_help=False)
    what = parser.add_mutually_exclusive_group()
    recipes = f"{', '.join(recipe_names())}, or a path to a .toml file"
    what.add_argument("--recipe", type=filled, default="report-cnn", help=recipes)
    resumed = "go on with this interrupted run, by name or path; with --epochs, a finished one gets more epochs"
    what.add_argument("--resume", type=filled, metavar="RUN", help=resumed)
    parser.add_argument("--name", type=filled, help="name of the run folder (default: recipe, date and time)")
    network = "a network of timm in place of the recipe's: timm:NAME"
    parser.add_argument("--model", type=filled, metavar="timm:NAME", help=network)
    parser.add_argument("--measure", action="store_true", help="say what it would cost here, and train nothing")
    add_trackers(parser)
    add_roots(parser)
    known, rest = parser.parse_known_args(arguments)
    if known.resume and not {"-h", "--help"} & set(rest):
        longer = argparse.ArgumentParser(usage=parser.usage, prog=parser.prog, allow_abbrev=False, add_help=False)
        longer.add_argument("--epochs", type=int)
        wanted, others = longer.parse_known_args(rest)
        if others or known.name or known.model:
            parser.error("--resume takes its settings from the run; give no others but --epochs")
        return argparse.Namespace(**vars(known), epochs=wanted.epochs), None
    options, config = parse_flags(parser, arguments)
    return options, with_run_names(config, options.runs)


@friendly_errors
def main(arguments: list[str]) -> None:
    options, config = parse(arguments)
    if options.resume:
        begun = find_run(options.resume, options.runs)
        dataset = dataset_of(begun, options.data)
        run = session.resume(dataset, begun.path.parent, begun.name, epochs=options.epochs, log_with=options.log_with)
    elif options.measure:
        print(measure(config, open_dataset(options.data), options.runs).words())
        return
    else:
        name = options.name or f"{config.recipe}-{datetime.now():%Y%m%d-%H%M%S}"
        command = shlex.join(["python", "scripts/train.py", *arguments])
        dataset = open_dataset(options.data)
        run = session.start(config, dataset, options.runs, name, command, log_with=options.log_with)
    if PartialState().is_main_process:  # under `accelerate launch` every process comes here
        print_result(run)


def dataset_of(run: Run, folder: Path) -> Dataset:
    """The data set in a folder, or, where a run learned from another, the run's own beside it, saying so."""
    own = [run.info["dataset"].get(key) for key in ("fingerprint", "order")]
    with contextlib.suppress(DataError):
        if is_same(here := open_dataset(folder), *own):
            return here
    found = find_dataset(folder.parent, *own)
    if found is None:
        return open_dataset(folder)  # resuming says what the run was trained on
    print(f"{run.name} was trained on the data set in {found.path}, which is taken instead of {folder}.")
    return found


def print_result(run: Run) -> None:
    for split in ("val", "test"):
        metrics = run.metrics(split)
        accuracy = metrics["accuracy"]
        print(
            f"accuracy {percent(accuracy['value'])} on {metrics['split_name']} "
            f"(95 % interval {range_words(accuracy)}, n = {metrics['n']:,})"
        )
    print(f"Run folder: {run.path}. See it with: streamlit run dashboard/Home.py")


if __name__ == "__main__":
    main(sys.argv[1:])
