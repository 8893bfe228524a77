"""Turn FER2013, in whichever form you hold it, into the data set that training and the dashboard read.

python scripts/prepare_data.py path/to/archive.zip
"""

from __future__ import annotations

import argparse
import sys

import pandas as pd

from fercore.cli import ScriptParser
from fercore.data.fer2013 import SPLITS, DataError, Dataset
from fercore.data.prepare import prepare
from fercore.data.sources import KAGGLE_DATASET, open_kaggle, open_source

DEFAULT_OUT = "data/fer2013"
SHOWN = 20  # bad records listed on the screen; dataset.json has them all


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done, 2 refused with a message, 130 interrupted."""
    args = parse(arguments)
    try:
        opened = open_kaggle(splits=args.splits) if args.kaggle else open_source(args.source, splits=args.splits)
        with opened as source:
            dataset = prepare(source, args.out, skip_bad=args.skip_bad, seed=args.seed, progress=True)
    except DataError as error:
        print(f"prepare_data: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"prepare_data: interrupted; nothing half-written is left in {args.out}", file=sys.stderr)
        return 130
    print(report(dataset, args.out))
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = ScriptParser(__doc__)
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="Kaggle zip or its unpacked folder, fer2013.csv, icml_face_data.csv, or any folder or zip of images "
        "train|val|validation|test/<class>/",
    )
    parser.add_argument("--kaggle", action="store_true", help=f"download {KAGGLE_DATASET} from Kaggle instead")
    parser.add_argument("--out", default=DEFAULT_OUT, metavar="DIR", help="data set to make (default: %(default)s)")
    parser.add_argument("--skip-bad", action="store_true", help="leave bad rows and images out, and list them")
    parser.add_argument(
        "--splits",
        choices=("names", "folders"),
        default="names",
        help="names: file-name prefixes such as PublicTest_ restore the official splits (default); folders: the "
        "folders alone say the split",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the validation split, where it has to be cut from train (default: 0)"
    )
    args = parser.parse_args(arguments)
    if args.kaggle == (args.source is not None):
        parser.error("give either SOURCE or --kaggle")
    return args


def report(dataset: Dataset, out: str) -> str:
    """What was prepared, in words: counts per split and class, what was left out, and what to run next."""
    table = pd.DataFrame(dataset.counts()).T
    table.index = [f"{dataset.split_name(split)} [{split}]" for split in SPLITS]
    table["total"] = table.sum(axis=1)
    lines = [f"\n{out}: {len(dataset.ids):,} images from {dataset.info['source']['name']}\n", table.to_string(), ""]
    if bad := dataset.info["bad"]:
        lines += [f"Left out: {len(bad):,}", *(f"  {reason}" for reason in bad[:SHOWN])]
        lines += [f"  ... and {len(bad) - SHOWN:,} more, listed in {out}/dataset.json"] * (len(bad) > SHOWN)
        lines += [""]
    place = "" if out == DEFAULT_OUT else f" --data {out}"
    lines += [f"Fingerprint {dataset.info['fingerprint']}", f"Next: python scripts/train.py --recipe report-cnn{place}"]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
