"""Show how a run's answers hold when pictures get worse: noise, blur, light, crops, what covers a face.

python scripts/robustness.py reference-fast
python scripts/robustness.py reference-fast --data data/rafdb
python scripts/robustness.py reference-fast --stored

Eighteen kinds of disturbance in up to five strengths, and tiny changes that nobody would see. The run's ONNX file
answers where it has one. Stop it at any time: the same command goes on. The counts are stored as robustness_<split>.npz
in the run's folder, or in evaluations/NAME inside it where the data set is not the run's own.
"""

from __future__ import annotations

import sys

from fercore.charts.robustness_words import KIND_COLUMNS, kind_rows, summary
from fercore.cli import ScriptParser, add_roots, add_run, friendly_errors
from fercore.data.dataset import open_dataset
from fercore.evaluation.elsewhere import place
from fercore.evaluation.robustness import BASELINE, baseline_of, read_robustness, robustness_file
from fercore.inference.disturbed import measure
from fercore.run_names import find_run
from fercore.runs import SPLITS

WIDTHS = (16, 24, 24, 30)


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    add_run(parser, "run to ask")
    parser.add_argument("--split", choices=SPLITS, default="test", help="%(default)s")
    parser.add_argument("--images", type=int, metavar="N", help="only N of its images, the same for every run (all)")
    parser.add_argument("--stored", action="store_true", help="measure nothing, show what is stored")
    add_roots(parser)
    options = parser.parse_args(arguments)
    run = find_run(options.run, options.runs)
    if options.stored:
        results, found = run, read_robustness(run, options.split)
    else:
        dataset = open_dataset(options.data)
        found = measure(run, dataset, options.split, options.images, progress=True)
        results = place(run, dataset)
    print("\n".join(summary(found, run.name, baseline_of(found, options.runs))))
    rows = kind_rows(found)
    lines = [list(KIND_COLUMNS), *rows.to_numpy().tolist()]
    print()
    for line in lines:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(line, WIDTHS, strict=True)).rstrip())
    path = robustness_file(results, options.split)
    print(f"\nErrors are compared with those of {BASELINE}. Stored in {path} ({path.stat().st_size / 1000:,.0f} kB).")


if __name__ == "__main__":
    main(sys.argv[1:])
