"""Show on which kinds of images a run is less accurate than on the others, by more than noise.

python scripts/slices.py reference-best
python scripts/slices.py reference-best --pairs --search
python scripts/slices.py reference-best --slices my_slices.csv --out slices.csv

Brightness, contrast, sharpness, the agreement of people (FER+) and copies in Training are known of FER2013's images.
A file of your own has the columns id, name and value: a line for each image and name. Nothing is stored in the run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fercore.charts.slices import COMPARED, confirmed_words, slice_words, table_rows
from fercore.cli import ScriptParser, add_roots, add_run, friendly_errors
from fercore.data.audit.files import COPIES
from fercore.data.dataset import AUDIT, DataError, Dataset, open_dataset
from fercore.evaluation.attributes import PARTS, known_attributes
from fercore.evaluation.slice_file import read_slices
from fercore.evaluation.slices import pairs, search, slice_table, slices_of
from fercore.run_files import atomic_write
from fercore.run_names import find_run
from fercore.runs import TTAS, RunError

WIDTHS = (20, 28, 6, 22, 7, 24, 8)


@friendly_errors
def main(arguments: list[str]) -> None:
    options = parse(arguments)
    run = find_run(options.run, options.runs)
    found = run.predictions(options.split, options.tta)
    metrics = run.metrics(options.split, options.tta)
    fingerprint = metrics.get("dataset_fingerprint") or run.info["dataset"]["fingerprint"]
    own = read_slices(options.slices, found.id) if options.slices else None
    dataset, copies = _dataset(options.data, fingerprint), options.data / AUDIT / COPIES
    attributes = known_attributes(
        found.id, options.split, fingerprint, dataset=dataset, parts=options.parts, copies=copies
    )
    attributes += own.attributes if own else []
    if not attributes:
        raise RunError(
            f"{run.name}: nothing is known of its images; name their data set with --data, or slices of your own with "
            "--slices"
        )
    shown = [*attributes, *(pairs(attributes) if options.pairs else [])]
    table = slice_table(found, slices_of(shown), seed=options.seed)
    print(slice_words(table, run.name, metrics["split_name"], len(found.id)))
    print(f"\n{_text(table)}\n\n* fewer than 50 images: not tested. p is corrected for all slices shown (Holm).")
    if options.search:
        print(f"\n{confirmed_words(search(found, attributes, seed=options.seed))}")
    for note in own.notes if own else ():
        print(f"\nNote: {note}")
    if options.out:
        atomic_write(options.out, lambda file: file.write(table.to_csv(index=False).encode()))
        print(f"\nWritten to {options.out}.")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = ScriptParser(__doc__)
    add_run(parser, "run whose stored predictions are looked at")
    parser.add_argument("--split", choices=("val", "test"), default="test", help="%(default)s")
    parser.add_argument("--tta", choices=TTAS, default="none", help="predictions as they are, or averaged by flip")
    parser.add_argument("--slices", type=Path, metavar="CSV", help="slices of your own: columns id, name, value")
    parser.add_argument("--parts", type=int, choices=PARTS, default=3, help="groups of each measure (%(default)s)")
    parser.add_argument("--pairs", action="store_true", help="also show every two attributes at once")
    parser.add_argument("--search", action="store_true", help="look for the worst slices, confirmed on other images")
    parser.add_argument("--seed", type=int, default=0, help="of the search and the bootstraps (%(default)s)")
    parser.add_argument("--out", type=Path, metavar="CSV", help="write the table with all its columns there")
    add_roots(parser)
    return parser.parse_args(arguments)


def _dataset(folder: Path, fingerprint: str) -> Dataset | None:
    """The data set of the predictions, if it is here."""
    try:
        dataset = open_dataset(folder)
    except DataError:
        return None
    return dataset if dataset.info["fingerprint"] == fingerprint else None


def _text(table) -> str:
    rows = table_rows(table)[COMPARED]
    lines = [list(rows), *rows.to_numpy().tolist()]
    return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(line, WIDTHS, strict=True)) for line in lines)


if __name__ == "__main__":
    main(sys.argv[1:])
