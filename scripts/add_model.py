"""Make a run folder of an image classifier that others trained, so that every page works on it.

python scripts/add_model.py dima806/facial_emotions_image_detection
python scripts/add_model.py path/to/folder --name theirs --trained-on train
python scripts/add_model.py OWNER/NAME --revision v1.0 --labels angry disgust fear happy neutral sad surprise

Any image classifier of transformers will do whose labels are our seven emotions, in any order and the usual words. A
folder holds config.json, preprocessor_config.json and model.safetensors, as the hub does. Weights are linked, not
copied. Nothing of the model's own code is run.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from fercore.cli import ScriptParser, add_runs, filled, friendly_errors
from fercore.emotions import canonical
from fercore.models.add import add_model
from fercore.runs import SPLITS, Run


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = ScriptParser(__doc__)
    parser.add_argument("source", help="OWNER/NAME on the Hugging Face hub, or a folder")
    parser.add_argument("--name", type=filled, help="name of the run folder (default: the model's own)")
    parser.add_argument("--revision", help="branch, tag or commit on the hub (default: its newest)")
    parser.add_argument(
        "--trained-on",
        nargs="+",
        choices=(*SPLITS, "none", "unknown"),
        metavar="SPLIT",
        help="splits of FER2013 it learned from: train, val, test, none of them, or unknown (default: what we know of "
        "published models, else unknown); figures on splits it saw carry a badge and are not ranked",
    )
    parser.add_argument("--labels", nargs="+", metavar="NAME", help="emotion of each output, where its config has none")
    add_runs(parser)
    options = parser.parse_args(arguments)
    said = options.trained_on or ["unknown"]
    if len(said) > 1 and {"none", "unknown"} & set(said):
        parser.error("--trained-on: none and unknown stand alone")
    options.splits = None if said == ["unknown"] else [split for split in said if split != "none"]
    return options


@friendly_errors
def main(arguments: list[str]) -> None:
    options = parse(arguments)
    run = add_model(
        options.source,
        options.runs,
        name=options.name,
        revision=options.revision,
        splits=options.splits,
        labels=options.labels,
        command=shlex.join(["python", "scripts/add_model.py", *arguments]),
    )
    print(describe(run))
    place = "" if options.runs == Path("runs") else f" --runs {shlex.quote(str(options.runs))}"
    print(f"Run folder: {run.path}. Measure it with: python scripts/evaluate.py {run.name} --split test{place}")


def describe(run: Run) -> str:
    """What was added, for the terminal."""
    names, splits = run.info["labels"], run.info["trained_on"]["splits"]
    size = run.info["preprocess"]["size"]
    lines = [
        f"{run.name}: {run.info['config']['model']['type']}, {run.info['parameters']:,} parameters, "
        f"input {size}x{size}, licence {run.info['source']['license'] or 'not named'}",
        f"Its labels: {', '.join(names)}; it answers {', '.join(run.classes)}",
    ]
    if left_out := [name for name in names if canonical(name) not in run.classes]:
        lines.append(f"Left out: {', '.join(left_out)}; evaluate.py says how much probability that is")
    if splits is None:
        lines.append(
            "Whether it has seen the images it will be measured on is not known: its figures carry a badge and are not "
            "ranked. Say it with --trained-on"
        )
    else:
        lines.append(f"It learned from these splits of FER2013: {', '.join(splits) or 'none'}")
    return "\n".join([*lines, *filter(None, [run.info["trained_on"].get("note")])])


if __name__ == "__main__":
    main(sys.argv[1:])
