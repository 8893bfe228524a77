"""Summarise what every channel of a run's model responds to, for the page "Filters and activations".

python scripts/features.py reference-report-cnn

Writes features_<split>.npz into the run folder: each channel's mean strength on each emotion and the ids of the images
that drive it most. The split is PublicTest unless you say otherwise: the model was not fitted to it, so that a channel
cannot shine with images it learned by heart (as Zeiler and Fergus 2014 do it), and PrivateTest stays for the figures.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from fercore.charts.style import percent
from fercore.cli import ScriptParser, add_roots, add_run, friendly_errors
from fercore.data.dataset import SPLITS, open_dataset
from fercore.emotions import EMOTIONS
from fercore.evaluation.elsewhere import place
from fercore.explain.features import summarize_run
from fercore.explain.selectivity import layer_table, preference_table
from fercore.explain.summary import TOP, FeatureSummary, features_file
from fercore.run_names import find_run


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    add_run(parser, "run with weights")
    parser.add_argument("--split", choices=SPLITS, default="val", help="%(default)s")
    add_roots(parser)
    options = parser.parse_args(arguments)
    run = find_run(options.run, options.runs)
    dataset = open_dataset(options.data)
    summary = summarize_run(run, dataset, options.split, progress=True)
    print(describe(summary, run.classes))
    path = features_file(place(run, dataset), options.split)
    print(f"Stored in {path} ({path.stat().st_size / 1000:,.0f} kB).")


def describe(summary: FeatureSummary, classes: Sequence[str] = EMOTIONS) -> str:
    """Selectivity of each layer as a table for the terminal."""
    lines = [f"  {'layer':<18}{'channels':>9}{'rare':>8}  {'selectivity, quartiles':<26}most prefer"]
    preferred = preference_table(summary, classes)
    for row in layer_table(summary).itertuples():
        own = preferred[preferred["layer"] == row.layer]
        most = own.loc[own["channels"].idxmax()]
        quartiles = f"{row.median:.2f} ({row.low:.2f} to {row.high:.2f})"
        share = f"{most['emotion']} ({percent(most['share'], 0)})"
        lines.append(f"  {row.layer:<18}{row.channels:>9,}{row.rare:>8,}  {quartiles:<26}{share}")
    lines.append(f"  Rare are channels that fire on fewer than {TOP} images; their selectivity does not count.")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
