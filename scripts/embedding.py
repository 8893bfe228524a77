"""Place the images of a split on a plane as a run's model sees them, for the page "Embedding".

python scripts/embedding.py reference-report-cnn

Writes embedding_<split>.npz into the run folder: places of the images and of some of Training by t-SNE and by PCA,
their ids and which emotions their neighbours have. It holds no pictures.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from fercore.charts.style import percent, with_range
from fercore.cli import ScriptParser, add_roots, add_run, friendly_errors
from fercore.data.dataset import SPLITS, open_dataset
from fercore.emotions import EMOTIONS
from fercore.evaluation.elsewhere import place
from fercore.explain.alike import agreement, class_table, picture_kept
from fercore.explain.embedding import embed_run
from fercore.explain.projection import METHODS, NEIGHBOURS, Embedding, embedding_file
from fercore.run_names import find_run


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    add_run(parser, "run with weights")
    parser.add_argument("--split", choices=SPLITS, default="test", help="%(default)s")
    add_roots(parser)
    options = parser.parse_args(arguments)
    run = find_run(options.run, options.runs)
    dataset = open_dataset(options.data)
    found = embed_run(run, dataset, options.split, progress=True)
    print(describe(found, run.classes))
    path = embedding_file(place(run, dataset), options.split)
    print(f"Stored in {path} ({path.stat().st_size / 1000:,.0f} kB).")


def describe(found: Embedding, classes: Sequence[str] = EMOTIONS) -> str:
    """Which emotions lie together, as a table for the terminal."""
    together = agreement(found)
    lines = [
        f"Of the {NEIGHBOURS} nearest neighbours of each of {found.size:,} images, "
        f"{with_range(together.own)} show its emotion; by chance {percent(together.chance)}.",
        f"  {'emotion':<10}{'images':>7}  {'neighbours alike':<25}{'chance':<10}most others",
    ]
    for row in class_table(found, classes).itertuples():
        alike = with_range({"value": row.value, "low": row.low, "high": row.high})
        others = f"{row.other} ({percent(row.other_share, 0)})"
        lines.append(f"  {row.emotion:<10}{row.images:>7,}  {alike:<25}{percent(row.chance):<10}{others}")
    kept = "; ".join(f"{name} {with_range(picture_kept(found, method))}" for method, name in METHODS.items())
    lines.append(f"  Of the nearest neighbours in the picture, so many are nearest in the features too: {kept}.")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
