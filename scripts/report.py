"""Write a run's report: one HTML file that opens offline, without scripts, and can be printed.

python scripts/report.py reference-report-cnn
python scripts/report.py mine --out report.html

It needs neither weights nor data set: figures are computed again from the predictions in the run folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fercore.cli import ScriptParser, add_roots, add_run, friendly_errors
from fercore.report.page import write_report
from fercore.run_names import find_run


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    add_run(parser, "run to report on")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to (default: NAME.html here)")
    add_roots(parser)
    options = parser.parse_args(arguments)
    run = find_run(options.run, options.runs)
    path = options.out or Path(f"{run.name}.html")
    write_report(run, path, options.data / "audit" / "copies.json")
    print(f"Report of {run.name}: {path} ({path.stat().st_size / 1000:,.0f} kB). Open it in any browser.")


if __name__ == "__main__":
    main(sys.argv[1:])
