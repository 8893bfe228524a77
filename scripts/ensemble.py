"""Make one run of several: the mean of their probabilities, evaluated and used like any other run.

python scripts/ensemble.py together reference-best reference-fast
python scripts/evaluate.py together --split test --tta flip

The members stay where they are and are named in the run's folder, which holds no weights of its own. They must be
finished, hold their weights and be evaluated; the images are not needed.
"""

from __future__ import annotations

import shlex
import sys

from fercore.cli import ScriptParser, add_roots, friendly_errors
from fercore.evaluation.cross_validation import ensemble_gain
from fercore.run_names import run_name
from fercore.runs import Run, open_run
from fercore.training.ensemble import make_ensemble


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("name", metavar="NAME", help="name of the run to be made")
    parser.add_argument(
        "members", nargs="+", metavar="RUN", help="runs to average, at least two: names, or paths to their folders"
    )
    add_roots(parser)
    options = parser.parse_args(arguments)
    command = shlex.join(["python", "scripts/ensemble.py", *arguments])
    members = [run_name(member, options.runs) for member in options.members]
    run = make_ensemble(options.runs, options.name, members, command)
    print(describe(run, [open_run(options.runs / name) for name in run.members]))
    print(f"Run folder: {run.path}. See it with: streamlit run dashboard/Home.py")


def describe(run: Run, members: list[Run]) -> str:
    """Accuracy of each member and of all together, for the terminal."""
    splits = {split: run.metrics(split)["split_name"] for split in ("val", "test")}
    width = max(len(name) for name in ["accuracy", run.name, *run.members]) + 2
    lines = ["accuracy".ljust(width) + "".join(f"{name:<28}" for name in splits.values())]
    for one in [*members, run]:
        figures = [one.metrics(split)["accuracy"] for split in splits]
        cells = [f"{figure['value']:.1%} ({figure['low']:.1%} to {figure['high']:.1%})" for figure in figures]
        lines.append(one.name.ljust(width) + "".join(f"{cell:<28}" for cell in cells))
    for split, name in splits.items():
        gain = ensemble_gain(run.predictions(split), [member.predictions(split) for member in members])
        value, low, high = (100 * gain[key] for key in ("value", "low", "high"))
        lines.append(f"On {name} that is {value:.1f} points ({low:.1f} to {high:.1f}) above the members' mean.")
    return "\n".join([*lines, "Ranges are 95 % intervals (Wilson; of the gain a paired bootstrap over images)."])


if __name__ == "__main__":
    main(sys.argv[1:])
