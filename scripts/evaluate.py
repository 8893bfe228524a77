"""Score a run's weights on a split and store predictions and metrics in its folder.

python scripts/evaluate.py reference-report-cnn
python scripts/evaluate.py reference-report-cnn --split val --tta flip
python scripts/evaluate.py reference-report-cnn --data data/rafdb

Results on a data set that is not the run's own lie in evaluations/NAME inside the run's folder: they touch none of its
own figures.
"""

from __future__ import annotations

import sys

from fercore.cli import ScriptParser, add_roots, add_run, friendly_errors
from fercore.data.dataset import find_dataset, open_dataset
from fercore.evaluation.elsewhere import READINGS, is_home, place
from fercore.evaluation.tables import averaged_words
from fercore.run_names import find_run
from fercore.runs import TTAS
from fercore.training.evaluate import evaluate_run

AVERAGES = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "macro_f1": "macro F1"}

JUDGED = {"model": "the model", "label": "the label", "person": "a single person"}
SIDES = {"model": "the model says", "label": "the label says", "neither": "neither says"}


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    add_run(parser, "run to score")
    parser.add_argument("--split", choices=("val", "test"), default="test", help="%(default)s")
    parser.add_argument("--tta", choices=TTAS, default="none", help="flip averages each image and its mirror image")
    add_roots(parser)
    options = parser.parse_args(arguments)
    run = find_run(options.run, options.runs)
    dataset = open_dataset(options.data)
    home = None if is_home(run, dataset) else find_dataset(dataset.path.parent, run.info["dataset"].get("fingerprint"))
    metrics = evaluate_run(run, dataset, options.split, options.tta, progress=True, home=home)
    print(describe(metrics))
    print(f"Stored in {place(run, dataset).path}.")


def describe(metrics: dict) -> str:
    """The metrics as a table for the terminal."""
    tta = "" if metrics["tta"] == "none" else f", {metrics['tta']} averaging"
    lines = [f"{metrics['split_name']}, n = {metrics['n']:,}{tta}; 95 % intervals in brackets"]
    for key, words in AVERAGES.items():
        lines.append(f"  {words:<18} {_share(metrics[key])}")
    loss = metrics["log_loss"]
    lines.append(f"  {'log loss':<18} {loss['value']:.3f} nats ({loss['low']:.3f} to {loss['high']:.3f})")
    lines.append(f"\n  {'emotion':<10}{'precision':<25}{'recall':<25}{'F1':<25}support")
    for emotion, figures in metrics["per_class"].items():
        cells = "".join(f"{_share(figures[key]):<25}" for key in ("precision", "recall", "f1"))
        lines.append(f"  {emotion:<10}{cells}{figures['support']:>7,}")
    classes = metrics["classes"]
    lines.append(f"\n  {'true, predicted':<17}" + "".join(f"{name:>9}" for name in classes))
    for emotion, row in zip(classes, metrics["confusion"], strict=True):
        lines.append(f"  {emotion:<17}" + "".join(f"{count:>9,}" for count in row))
    methods = "; ".join(
        f"{key.replace('_', ' ')}: {text}" for key, text in metrics["interval"].items() if key != "level"
    )
    lines.append(f"\n  Intervals: {methods}.")
    for name, mass in metrics["left_out"].items():
        lines.append(
            f"  The model gives {mass:.1%} of its probability to {name}, which is left out; the rest is scaled to 1."
        )
    lines.append(f"  Averages are over {averaged_words(metrics)}.")
    if "told" in metrics:
        lines += describe_elsewhere(metrics)
    return "\n".join(lines + (describe_people(metrics["people"]) if "people" in metrics else []))


def describe_people(people: dict) -> list[str]:
    """How the model compares with what most people say, in lines for the terminal."""
    images = people["images"]
    lines = [
        f"\n  Judged by people ({people['votes']}): {images['verdict']:,} of {images['with_votes']:,} images with"
        " votes have a majority, which agrees with",
        *(f"  {words:<18} {_share(people[key])}" for key, words in JUDGED.items()),
    ]
    sides = people["disagreements"]
    if sides["n"]:
        lines.append(f"  Where model and label differ ({sides['n']:,} images), most people say what")
        lines += [f"  {words:<18} {_share(sides[key])}" for key, words in SIDES.items()]
    lines.append("  Jensen-Shannon distance to the people's distribution (0 to 1; of one person to the other nine):")
    lines.append("  " + ", ".join(f"{key} {own['value']:.3f}" for key, own in people["distance"].items()))
    return lines


def describe_elsewhere(metrics: dict) -> list[str]:
    """Who was asked on a data set that is not the run's own, and the second reading of the answers."""
    shared = ", ".join(metrics["shared"])
    lines = [f"\n  Not the run's own data. Above, answers are read {READINGS['free']}. Shared classes: {shared}."]
    if metrics["not_asked"]:
        counts = ", ".join(f"{count:,} {name}" for name, count in metrics["not_asked"].items())
        lines.append(f"  Not asked, since the model does not know these classes: {counts} images.")
    if metrics["copies_in_training"] is None:
        lines.append("  Copies among the run's training images are not known: its own data set is not beside this one.")
    else:
        count = f"{metrics['copies_in_training']:,} of {metrics['n']:,}"
        lines.append(f"  Copies among the run's training images: {count}.")
    if metrics["without_copies"]:
        lines.append(f"  {'without them':<18} {_share(metrics['without_copies']['accuracy'])}")
    if metrics["told"] is None:
        return lines
    lines.append(f"  {READINGS['told'].capitalize()} (probabilities of the shared classes alone, scaled to 1):")
    return lines + [f"  {words:<18} {_share(metrics['told'][key])}" for key, words in AVERAGES.items()]


def _share(figure: dict | None) -> str:
    if figure is None:
        return "no images"
    return f"{figure['value']:.1%} ({figure['low']:.1%} to {figure['high']:.1%})"


if __name__ == "__main__":
    main(sys.argv[1:])
