"""Make a run's folder smaller: its large matrices as 8-bit integers, its figures measured again.

python scripts/compact.py reference-report-cnn

Nothing is changed where accuracy on PublicTest would move by more than 0.1 point. Counts on disturbed pictures and
results on other data are deleted, and what features.py, embedding.py and export.py made of the run is about the earlier
weights too; run them again.
"""

from __future__ import annotations

import sys

from fercore.cli import ScriptParser, add_roots, add_run, friendly_errors
from fercore.data.dataset import open_dataset
from fercore.run_names import find_run
from fercore.training.compact import compact_run


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    add_run(parser, "run with weights")
    add_roots(parser)
    options = parser.parse_args(arguments)
    run = find_run(options.run, options.runs)
    weights = run.path / "model.safetensors"
    size = weights.stat().st_size if run.has_weights else 0
    table = compact_run(run, open_dataset(options.data), progress=True)
    print(table.to_string(index=False, float_format="{:.2%}".format))
    print(f"{weights}: {size / 1e6:.1f} MB before, {weights.stat().st_size / 1e6:.1f} MB now.")


if __name__ == "__main__":
    main(sys.argv[1:])
