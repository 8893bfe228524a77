"""Make a run's folder smaller: matrices of a million weights and more as 8-bit integers, its figures measured again.

python scripts/compact.py reference-report-cnn

Nothing is changed where accuracy on PublicTest would move by more than 0.1 point. What features.py and embedding.py
made of the run shows the earlier weights; run them again.
"""

from __future__ import annotations

import argparse
import sys

from fercore.cli import add_roots, friendly_errors
from fercore.data.fer2013 import open_dataset
from fercore.runs import check_name, open_run
from fercore.training.compact import compact_run


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="run folder with weights")
    add_roots(parser)
    options = parser.parse_args(arguments)
    run = open_run(options.runs / check_name(options.name))
    weights = run.path / "model.safetensors"
    size = weights.stat().st_size if run.has_weights else 0
    table = compact_run(run, open_dataset(options.data), progress=True)
    print(table.to_string(index=False, float_format="{:.2%}".format))
    print(f"{weights}: {size / 1e6:.1f} MB before, {weights.stat().st_size / 1e6:.1f} MB now.")


if __name__ == "__main__":
    main(sys.argv[1:])
