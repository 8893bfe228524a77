"""Train, evaluate and summarise all reference runs and studies anew, and compare them with the shipped figures.

python scripts/reproduce.py --dry-run                    # what there is to do, and how long it takes here
python scripts/reproduce.py                              # everything, into reproduced/
python scripts/reproduce.py --only reference-fast dropout
python scripts/reproduce.py --jobs 4                     # several trainings at once: small networks leave a GPU idle
python scripts/reproduce.py my-plan.toml --out again

The same command goes on wherever it was stopped or killed, each training from its last epoch. The table at the end is
OUT/results.csv too; OUT/logs/ holds what each training said. --only brings along what must come first, such as a
teacher.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pandas as pd

from fercore.charts.style import duration, percent
from fercore.cli import ScriptParser, add_roots, friendly_errors
from fercore.evaluation.reproduced import NOT_DONE, NOT_SHIPPED, OTHER_DATA, OUTSIDE, WITHIN, comparison
from fercore.run_files import atomic_write
from fercore.training.plan import load_plan
from fercore.training.reproduce import DONE, Reproduction, Standing, carry_out, epoch_seconds

RESULTS = "results.csv"


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = ScriptParser(__doc__)
    parser.add_argument("plan", nargs="?", default="reference", help="reference, or a path to a .toml file")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="runs or studies of the plan")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="trainings at once (%(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="say what there is to do and how long it takes")
    parser.add_argument("--out", type=Path, default=Path("reproduced"), metavar="DIR", help="new runs (%(default)s)")
    add_roots(parser)
    options = parser.parse_args(arguments)
    if not 1 <= options.jobs <= 256:
        parser.error(f"--jobs: received {options.jobs}, expected 1 to 256")
    if options.out.resolve() == options.runs.resolve():
        parser.error(f"--out: received the folder of the shipped runs, {options.runs}; expected another one")
    return options


@friendly_errors
def main(arguments: list[str]) -> None:
    options = parse(arguments)
    plan = load_plan(options.plan)
    work = Reproduction(plan, plan.chosen(options.only), options.data, options.out)
    standing = {task.name: work.standing(task) for task in work.tasks}
    print(overview(work, standing), flush=True)
    if options.dry_run:
        return
    standing = carry_out(work, options.jobs, say=lambda line: print(line, flush=True))
    groups = {task.name: plan.seeds_of(task) for task in work.tasks}
    words = {name: (found.state, found.problem) for name, found in standing.items()}
    table = comparison(groups, options.out, options.runs, words)
    atomic_write(options.out / RESULTS, lambda file: file.write(table.to_csv(index=False).encode()))
    print(describe(table))
    print(f"Table: {options.out / RESULTS}. See the runs with: streamlit run dashboard/Home.py -- --runs {options.out}")
    if any(found.state != DONE for found in standing.values()):
        raise SystemExit(1)


def overview(work: Reproduction, standing: dict[str, Standing]) -> str:
    """What is done and what is left, with the time that it takes on this machine."""
    left = [task for task in work.tasks if standing[task.name].state != DONE]
    seconds = epoch_seconds(work, left, say=lambda line: print(line, file=sys.stderr, flush=True))
    lines, total = [f"\nPlan {work.plan.name}: {len(work.tasks)} runs, {len(left)} to do."], 0.0
    for task in work.tasks:
        found, time = standing[task.name], ""
        if task.name in seconds:
            cost = seconds[task.name] * max(task.epochs - found.epochs, 0)
            total += cost
            time = f"about {duration(cost)}, {seconds[task.name]:.1f} s an epoch"
        words = " ".join(filter(None, [found.state, f"({found.problem})" if found.problem else ""]))
        epochs = f"{found.epochs} of {task.epochs} epochs" if task.epochs else "of runs above"
        lines.append(f"  {task.name:<44}{epochs:<22}{words:<12} {time}".rstrip())
    if seconds:
        machine = f"on this machine ({os.cpu_count()} cores), as busy as it is now"
        lines.append(f"One after another that is about {duration(total)} {machine}.")
    return "\n".join(lines)


def describe(table: pd.DataFrame) -> str:
    """The comparison for the terminal."""
    lines = [f"\n{'run':<44}{'val: again, shipped':<40}test: again, shipped"]
    for row in table.to_dict("records"):
        cells = [_cell(row, split) for split in ("val", "test")]
        status = "" if row["status"] == DONE else f"  {row['status']}: {row['problem']}"
        lines.append(f"{row['run']:<44}{cells[0]:<40}{cells[1]}{status}".rstrip())
    verdicts = table["test_verdict"].value_counts()
    words = (WITHIN, OUTSIDE, NOT_SHIPPED, OTHER_DATA, NOT_DONE)
    counts = [f"{verdicts[word]} {word}" for word in words if word in verdicts]
    lines.append(f"Accuracy on test: {', '.join(counts)}.")
    lines.append(
        "Within: in the shipped figure's 95 % interval; where several seeds are shipped, in the 95 % prediction"
    )
    lines.append("interval of one more seed. Of 20 runs made again one lies outside by chance.")
    return "\n".join(lines)


def _cell(row: dict, split: str) -> str:
    again, shipped, verdict = (row[f"{split}_{what}"] for what in ("again", "shipped", "verdict"))
    if pd.isna(again):
        return ""
    if verdict in (NOT_SHIPPED, OTHER_DATA):
        return f"{percent(again)} ({verdict})"
    beside = "" if pd.isna(shipped) else f", {percent(shipped)}"
    low, high = (100 * row[f"{split}_{end}"] for end in ("low", "high"))
    return f"{percent(again)}{beside} ({low:.1f} to {high:.1f}): {verdict}"


if __name__ == "__main__":
    main(sys.argv[1:])
