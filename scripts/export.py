"""Write a run's model as files that run without this project, with a model card, checked for equal answers.

python scripts/export.py reference-report-cnn --format onnx
python scripts/export.py reference-fast --format onnx --precision int8 --into-run
python scripts/export.py mine --format huggingface --out mine-for-the-hub

ONNX and TorchScript files take uint8 faces of the data's size and give probabilities; a folder for transformers comes
with its processor. 8-bit integers (--precision int8) are three times as fast on a processor with VNNI; their ranges
are measured on Training images, and what they cost in accuracy is measured and printed. --into-run puts the ONNX file
into the run's own folder, where prediction can use it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fercore.charts.style import percent, range_words
from fercore.cli import ScriptParser, add_roots, add_run, friendly_errors
from fercore.data.dataset import Dataset, open_dataset
from fercore.export.files import FORMATS, Written, export_into_run, export_run
from fercore.export.record import PRECISIONS
from fercore.run_names import find_run
from fercore.runs import Run


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = ScriptParser(__doc__)
    add_run(parser, "run to export")
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="of ONNX files (%(default)s)")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--out", type=Path, metavar="DIR", help="folder to be made (exports/NAME-FORMAT)")
    place.add_argument("--into-run", action="store_true", help="put the ONNX file into the run's own folder")
    add_roots(parser)
    options = parser.parse_args(arguments)
    if options.format != "onnx" and (options.into_run or options.precision != "fp32"):
        parser.error("--into-run and --precision go with --format onnx alone")
    return options


@friendly_errors
def main(arguments: list[str]) -> None:
    options = parse(arguments)
    run = find_run(options.run, options.runs)
    dataset = open_dataset(options.data) if options.precision == "int8" else None
    print(describe(run, export(run, options, dataset)))


def export(run: Run, options: argparse.Namespace, dataset: Dataset | None) -> Written:
    if options.into_run:
        return export_into_run(run, options.precision, dataset)
    out = options.out or Path("exports") / f"{run.name}-{options.format}"
    return export_run(run, options.format, out, options.precision, dataset)


def describe(run: Run, written: Written) -> str:
    """What was written, for the terminal."""
    difference = written.difference
    lines = [
        f"Written: {written.place}",
        f"Probabilities differ from those of {run.name} by {difference.largest:.1e} at most, {difference.mean:.1e} on "
        f"average, on {difference.faces}.",
    ]
    for split, figure in written.accuracy.items():
        own = run.metrics(split)["accuracy"]["value"]
        lines.append(
            f"accuracy {percent(figure['value'])} on {figure['split_name']} (95 % interval {range_words(figure)}, "
            f"n = {figure['n']:,}); the run itself {percent(own)}; the same answer on {percent(figure['same'])}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
