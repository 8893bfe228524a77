"""Turn a data set of faces, in whichever form you hold it, into what training and the dashboard read.

python scripts/prepare_data.py path/to/archive.zip                      # FER2013, into data/fer2013
python scripts/prepare_data.py DATASET --name rafdb --size 64 --color   # RAF-DB, 64x64 in colour, into data/rafdb
python scripts/prepare_data.py archive.zip --labels ferplus             # FER2013 with what most people say (FER+)
python scripts/prepare_data.py CK+48 --map contempt=drop                # frames of one person stay in one split
python scripts/prepare_data.py my-faces --as test                       # own pictures in class folders, to measure on

Forms are told apart by their content:
{forms}
  table        fer2013.csv or icml_face_data.csv: emotion, pixels and Usage
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from fercore.cli import ScriptParser
from fercore.data.choices import Choices, parse_classes, parse_map, parse_subject
from fercore.data.dataset import NAME, SPLITS, DataError, Dataset, folder_name
from fercore.data.ferplus_labels import prepare_people
from fercore.data.forms import FORMS
from fercore.data.prepare import prepare
from fercore.data.sources import FORM_NAMES, KAGGLE_DATASET, open_kaggle, open_source
from fercore.fields import ConfigError

DATA, DEFAULT_OUT = "data", "data/fer2013"
# --labels -> what writes the data set, and its usual name; "" is told by the form.
LABELS = {"own": (prepare, ""), "ferplus": (prepare_people, "ferplus")}
SHOWN = 20  # bad records listed on the screen; dataset.json has them all


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done, 2 refused with a message, 130 interrupted."""
    args = parse(arguments)
    out = args.out
    try:
        opened = open_kaggle(choices_of(args)) if args.kaggle else open_source(args.source, choices_of(args), args.form)
        with opened as source:
            if args.find_faces and source.form.startswith("csv"):
                raise DataError(
                    f"--find-faces: {source.name} is a table, whose faces are cropped already; leave it out"
                )
            make, usual = LABELS[args.labels]
            out = out or f"{DATA}/{args.name or usual or folder_name(source.dataset)}"
            dataset = make(source, out, name=args.name, skip_bad=args.skip_bad, seed=args.seed, progress=True)
    except (DataError, ConfigError) as error:
        print(f"prepare_data: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"prepare_data: interrupted; nothing half-written is left in {out or DATA}", file=sys.stderr)
        return 130
    print(report(dataset, out))
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = ScriptParser(__doc__.format(forms="\n".join(f"  {name:<12} {form.words}" for name, form in FORMS.items())))
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="a folder, zip, tar, csv or parquet file")
    parser.add_argument("--kaggle", action="store_true", help=f"download {KAGGLE_DATASET} from Kaggle instead")
    parser.add_argument("--name", default="", help=f"of the data set, made in {DATA}/NAME (default: told by its form)")
    parser.add_argument("--out", metavar="DIR", help=f"data set to make (default: {DATA}/NAME)")
    parser.add_argument("--form", default="", choices=FORM_NAMES, help="how SOURCE is laid out, where it is not told")
    parser.add_argument("--size", type=int, default=48, help="side of the stored images in pixels (default: 48)")
    parser.add_argument("--color", action="store_true", help="store images in colour (default: gray)")
    add_labels(parser)
    parser.add_argument(
        "--find-faces",
        action="store_true",
        help="find the face of each picture, the largest of several, and crop it as FER2013's are (default: its "
        "largest centred square)",
    )
    parser.add_argument("--detector", metavar="FILE", help="with --find-faces: YuNet's ONNX file, or mtcnn")
    parser.add_argument("--skip-bad", action="store_true", help="leave bad rows and images out, and list them")
    parser.add_argument(
        "--splits",
        choices=("names", "folders"),
        default="names",
        help="names: file-name prefixes such as PublicTest_ restore the official splits (default); folders: the "
        "folders alone say the split",
    )
    parser.add_argument("--seed", type=int, default=0, help="of splits that have to be cut from train (default: 0)")
    args = parser.parse_args(arguments)
    if args.kaggle == (args.source is not None):
        parser.error("give either SOURCE or --kaggle")
    if args.name and not NAME.fullmatch(args.name):
        parser.error(f"--name {args.name!r}: expected letters, digits and . _ - only, such as rafdb")
    return args


def add_labels(parser: ScriptParser) -> None:
    """What the classes of the images are, and how they are split."""
    parser.add_argument(
        "--classes", default="", metavar="A,B,...", help="names of the classes, in the order of their codes"
    )
    parser.add_argument(
        "--map", default="", metavar="A=B,...", help="take class A for B; B may be drop: anger=angry,contempt=drop"
    )
    parser.add_argument(
        "--labels",
        choices=tuple(LABELS),
        default="own",
        help="ferplus: for FER2013, what most of ten people say in place of its label, eight classes with their votes",
    )
    parser.add_argument("--as", default="", choices=SPLITS, dest="as_split", help="put all images into one split")
    parser.add_argument(
        "--subject",
        default="",
        metavar="REGEX",
        help="finds who is shown in an image's path (its first group), so that splits cut here keep people together",
    )


def choices_of(args: argparse.Namespace) -> Choices:
    return Choices(
        size=args.size,
        channels=3 if args.color else 1,
        classes=parse_classes(args.classes),
        renamed=parse_map(args.map),
        as_split=args.as_split,
        subject=parse_subject(args.subject),
        splits=args.splits,
        **finder_of(args),
    )


def finder_of(args: argparse.Namespace) -> dict:
    """What finds faces, where that is wanted."""
    if not args.find_faces:
        return {}
    from fercore.inference.detectors import open_detector  # takes its time, and few sources need it
    from fercore.inference.portraits import largest_face

    detector = open_detector(args.detector)
    return {"find_face": largest_face(detector), "found_by": detector.name}


def report(dataset: Dataset, out: str) -> str:
    """What was prepared, in words: counts per split and class, what was left out, and what to run next."""
    table = pd.DataFrame(dataset.counts()).T
    table.index = [f"{dataset.split_name(split)} [{split}]" for split in SPLITS]
    table["total"] = table.sum(axis=1)
    info, ground = dataset.info, "colour" if dataset.channels == 3 else "gray"
    lines = [f"\n{out}: {len(dataset.ids):,} images from {info['source']['name']}"]
    lines += [f"{info['source']['form']}; stored as {dataset.size}x{dataset.size} {ground}\n", table.to_string(), ""]
    lines += [f"Note: {note}" for note in [*info["notes"], *absences(dataset)]]
    if info["dropped"]:
        lines += ["Left out as chosen: " + ", ".join(f"{n:,} of {name}" for name, n in info["dropped"].items())]
    if bad := info["bad"]:
        lines += [f"Left out: {info['left_out']:,}", *(f"  {reason}" for reason in bad[:SHOWN])]
        lines += [f"  ... and {len(bad) - SHOWN:,} more, listed in {out}/dataset.json"] * (len(bad) > SHOWN)
    if info["licence"]:
        lines += [f"Licence: {info['licence']}"]
    place = "" if Path(out) == Path(DEFAULT_OUT) else f" --data {out}"
    recipe = "report-cnn" if dataset.votes is None else "people"
    step = f"train.py --recipe {recipe}" if len(dataset.indices("train")) else "evaluate.py RUN"
    lines += [f"Fingerprint {info['fingerprint']}", f"Next: python scripts/{step}{place}"]
    return "\n".join(lines)


def absences(dataset: Dataset) -> list[str]:
    """Which splits and classes have no images."""
    counts = dataset.counts()
    splits = [split for split in SPLITS if not sum(counts[split].values())]
    classes = [name for name in dataset.classes if not any(counts[split][name] for split in SPLITS)]
    said = [f"no {' and no '.join(splits)} split: what needs it will say so"] * bool(splits)
    return said + [f"no images of {', '.join(classes)}"] * bool(classes)


if __name__ == "__main__":
    sys.exit(main())
