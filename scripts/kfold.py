"""Cross-validate a recipe on the train split: a run for each fold, and one that sums them up.

python scripts/kfold.py --recipe report-cnn --folds 3
python scripts/kfold.py --recipe report-cnn --folds 5 --name flipped --horizontal-flip 0.5 --epochs 10

Folds are runs named <name>-fold1 and so on; the same command goes on where it was stopped. Each fold's epoch is chosen
on val, so the images it holds out take part in no choice.
"""

from __future__ import annotations

import argparse
import shlex
import sys

from fercore.cli import ScriptParser, add_roots, filled, friendly_errors, with_run_names
from fercore.data.dataset import open_dataset
from fercore.runs import SPLITS, Run
from fercore.training.config import Config, parse_flags, recipe_names
from fercore.training.kfold import cross_validate

USAGE = "%(prog)s [--recipe RECIPE] [--folds K] [--name NAME] [a flag for any setting below]"


def parse(arguments: list[str]) -> tuple[argparse.Namespace, Config]:
    parser = ScriptParser(__doc__, usage=USAGE, allow_abbrev=False, add_help=False)
    parser.add_argument(
        "--recipe", default="report-cnn", help=f"{', '.join(recipe_names())}, or a path to a .toml file"
    )
    parser.add_argument("--folds", type=int, default=3, metavar="K", help="parts of the train split (%(default)s)")
    parser.add_argument("--name", type=filled, help="name of the run that sums up (default: kfold-<recipe>-<folds>)")
    parser.add_argument(
        "--keep-weights",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="leave the weights of finished folds in their folders",
    )
    add_roots(parser)
    options, config = parse_flags(parser, arguments)
    return options, with_run_names(config, options.runs)


@friendly_errors
def main(arguments: list[str]) -> None:
    options, config = parse(arguments)
    dataset = open_dataset(options.data)
    name = options.name or f"kfold-{config.recipe}-{options.folds}"
    command = shlex.join(["python", "scripts/kfold.py", *arguments])
    run = cross_validate(
        config, dataset, options.runs, name, options.folds, command=command, keep_weights=options.keep_weights
    )
    print(describe(run))
    print(f"Run folder: {options.runs / run.name}. See it with: streamlit run dashboard/Home.py")


def describe(run: Run) -> str:
    """Accuracy of each fold, their mean and spread, and of all folds together, for the terminal."""
    metrics = {split: run.metrics(split) for split in SPLITS}
    accuracies = {split: run.info["kfold"]["scores"][split]["accuracy"] for split in SPLITS}
    lines = [f"\n{'accuracy':<12}" + "".join(f"{metrics[split]['split_name']:<26}" for split in SPLITS)]
    for fold in range(run.info["kfold"]["folds"]):
        lines.append(f"{f'fold {fold + 1}':<12}" + "".join(f"{accuracies[s]['folds'][fold]:<26.1%}" for s in SPLITS))
    spreads = [f"{accuracies[split]['mean']:.1%} ± {100 * accuracies[split]['sd']:.1f}" for split in SPLITS]
    lines.append(f"{'mean ± sd':<12}" + "".join(f"{words:<26}" for words in spreads))
    figures = [metrics[split]["accuracy"] for split in SPLITS]
    together = [f"{figure['value']:.1%} ({figure['low']:.1%} to {figure['high']:.1%})" for figure in figures]
    lines.append(f"{'together':<12}" + "".join(f"{words:<26}" for words in together))
    lines.append(
        "sd: the sample's (n - 1). Together: out of fold, each image by the one fold that never saw it; on the"
    )
    lines.append("others the mean of the folds' probabilities, with Wilson's 95 % interval.")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
