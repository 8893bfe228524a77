"""Look through a data set for copies, leaks between splits, conflicting and doubtful labels, blank and odd pictures.

python scripts/audit.py
python scripts/audit.py --ferplus path/to/fer2013new.csv     # other votes than those that come with the project

Writes audit.csv, to review, and copies.json, by which the clean score leaves out images with a copy in Training. The
data set itself is never changed: decide on the dashboard's Audit page, then train with --exclude and --relabel.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from fercore.charts.dataset import counts_table, imbalance
from fercore.charts.style import count, duration
from fercore.cli import ScriptParser, add_roots, friendly_errors
from fercore.data.audit.files import TABLE, write_audit
from fercore.data.audit.findings import audit, with_doubts
from fercore.data.audit.looks import ODD
from fercore.data.dataset import AUDIT, Dataset, open_dataset
from fercore.data.ferplus import FINDING as FERPLUS
from fercore.data.ferplus import doubtful_labels, join_votes, read_votes, votes_on
from fercore.evaluation.label_errors import FINDING, out_of_fold_runs, suspected_labels
from fercore.runs import Run, list_runs

COPY_ROWS = {"groups": "groups of copies", "surplus": "surplus images", "conflicts": "groups with conflicting labels"}


@friendly_errors
def main(arguments: list[str]) -> None:
    options = parse(arguments)
    dataset = open_dataset(options.data)
    votes = votes_of(dataset, options.ferplus)
    found = audit(dataset, Steps())
    print(describe(found.copies.counts, dataset))
    if run := fitting_run(options.runs, dataset):
        suspected = suspected_labels(run.predictions("train"))
        found = with_doubts(found, dataset, suspected, FINDING)
        print(f"  {count(len(suspected))} suspected label errors, by the out-of-fold predictions of {run.name}")
    if votes is not None:
        doubts = doubtful_labels(dataset.ids, [dataset.classes[code] for code in dataset.labels], votes)
        found = with_doubts(found, dataset, doubts, FERPLUS)
        print(f"  {count(len(doubts))} labels that are not what most people said (FER+)")
    out = options.out or options.data / AUDIT
    write_audit(found, out)
    print(f"Written to {out / TABLE}. See it with: streamlit run dashboard/Home.py (page Audit)")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = ScriptParser(__doc__)
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"where to write (default: {AUDIT}/ in the data set)")
    parser.add_argument("--ferplus", type=Path, metavar="FILE", help="fer2013new.csv, in place of the shipped votes")
    add_roots(parser)
    return parser.parse_args(arguments)


def votes_of(dataset: Dataset, file: Path | None) -> np.ndarray | None:
    """Votes of FER+ on a data set: of a file, or those that come with the project; None where there are none."""
    if file is not None:
        return join_votes(dataset, read_votes(file))
    return votes_on(dataset.ids)


class Steps:
    """Tells on stderr what is looked for, and how long it took."""

    def __init__(self) -> None:
        self.started = time.perf_counter()

    def __call__(self, what: str) -> None:
        print(f"[{duration(time.perf_counter() - self.started)}] {what} ...", file=sys.stderr, flush=True)


def fitting_run(root: Path, dataset: Dataset) -> Run | None:
    """The newest cross-validation of this very data set."""
    fingerprint = dataset.info["fingerprint"]
    fitting = [run for run in out_of_fold_runs(list_runs(root)[0]) if run.info["dataset"]["fingerprint"] == fingerprint]
    return max(fitting, key=lambda run: run.info["created"], default=None)


def describe(counts: dict[str, int], dataset: Dataset) -> str:
    """All counts of an audit, in words."""
    names = dataset.info["split_names"]
    rows = [(words, f"{{kind}}_{key}") for key, words in COPY_ROWS.items()]
    rows += [
        (f"{names[split]} images with a copy in {names['train']}", f"{{kind}}_{split}_in_train")
        for split in ("test", "val")
    ]
    rows += [(f"{names['test']} images with a copy in {names['val']}", "{kind}_test_in_val")]
    lines = [f"{count(len(dataset.ids))} images in {dataset.path}", f"  {'':<48}{'exact':>8}{'exact or near':>16}"]
    for words, key in rows:
        exact, near = (counts[key.format(kind=kind)] for kind in ("exact", "near"))
        lines.append(f"  {words:<48}{count(exact):>8}{count(near):>16}")
    lines.append(
        f"  {count(counts['near_pairs'])} pairs of near copies, {count(counts['mirrored_pairs'])} of them mirrored"
    )
    lines.append("  " + ", ".join(f"{count(counts[key])} {key}" for key in ODD))
    uneven = imbalance(counts_table(dataset.counts(), names), names["train"])
    lines.append(
        f"  {names['train']} has {count(uneven.most_images)} images of {uneven.most} and "
        f"{count(uneven.fewest_images)} of {uneven.fewest}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
