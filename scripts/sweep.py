"""Train all points of a study, or go on where it was stopped.

python scripts/sweep.py kernel-size
python scripts/sweep.py my-study.toml --seeds 0 1 2
python scripts/sweep.py dropout --executor ray --cpus 4

Points are runs named study-<study>-<point>-s<seed>. Finished points are not trained again. On Ray, which finds its
cluster through RAY_ADDRESS, all nodes must see --data and --runs under the same paths.
"""

from __future__ import annotations

import argparse
import shlex
import sys

import pandas as pd

from fercore.cli import ScriptParser, add_roots, friendly_errors
from fercore.data.dataset import Dataset, open_dataset
from fercore.training.executors import Executor, local, on_ray
from fercore.training.study import load_study, study_names
from fercore.training.sweep import sweep


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = ScriptParser(__doc__)
    parser.add_argument("study", help=f"{', '.join(study_names())}, or a path to a .toml file")
    parser.add_argument("--seeds", type=int, nargs="+", metavar="N", help="instead of the study file's seeds")
    parser.add_argument("--executor", choices=("local", "ray"), default="local", help="where points train: %(default)s")
    parser.add_argument("--cpus", type=float, default=1, metavar="N", help="of a point on Ray: %(default)s")
    parser.add_argument("--gpus", type=float, default=0, metavar="N", help="of a point on Ray: %(default)s")
    parser.add_argument("--retry", action="store_true", help="try failed points again, from their last epoch")
    parser.add_argument(
        "--keep-weights",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="leave the weights of finished points in their folders",
    )
    add_roots(parser)
    return parser.parse_args(arguments)


@friendly_errors
def main(arguments: list[str]) -> None:
    options = parse(arguments)
    study = load_study(options.study, options.seeds)
    execute: Executor = local if options.executor == "local" else on_ray(options.cpus, options.gpus)
    dataset = open_dataset(options.data)
    table = sweep(
        study,
        dataset,
        options.runs,
        command=shlex.join(["python", "scripts/sweep.py", *arguments]),
        execute=execute,
        retry=options.retry,
        keep_weights=options.keep_weights,
    )
    print(describe(table, dataset))
    if "failed" in set(table["status"]):
        print("Try the failed points again with --retry.", file=sys.stderr)
        raise SystemExit(1)


def describe(table: pd.DataFrame, dataset: Dataset) -> str:
    """The table for the terminal."""
    val, test = dataset.split_name("val"), dataset.split_name("test")
    lines = [f"\n{'point':<18}{'seed':>4}  {val:<24}{test:<24}{'s/epoch':>7}  status"]
    for row in table.itertuples():
        accuracies = f"{_share(table, row.Index, 'val'):<24}{_share(table, row.Index, 'test'):<24}"
        seconds = "" if pd.isna(row.seconds_per_epoch) else f"{row.seconds_per_epoch:.1f}"
        problem = f": {row.problem}" if row.problem else ""
        lines.append(f"{row.point:<18}{row.seed:>4}  {accuracies}{seconds:>7}  {row.status}{problem}")
    lines.append("Accuracy of the epoch that was best on the first split, with Wilson's 95 % interval.")
    return "\n".join(lines)


def _share(table: pd.DataFrame, index: int, split: str) -> str:
    value, low, high = (table.at[index, f"{split}_{part}"] for part in ("accuracy", "low", "high"))
    return "" if pd.isna(value) else f"{value:.1%} ({low:.1%} to {high:.1%})"


if __name__ == "__main__":
    main(sys.argv[1:])
