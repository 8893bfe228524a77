"""The README.md beside an exported model: what it is, how good it is and on what, how to use it, what not to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fercore.charts.people import judged_words, sides_words
from fercore.charts.style import count, with_range
from fercore.charts.weak_points import weak_sentences
from fercore.data.ferplus import votes_on
from fercore.evaluation.comparison import licence
from fercore.evaluation.contamination import FER2013, contamination, learned_from, split_name
from fercore.evaluation.people import people_report
from fercore.evaluation.weak_points import weak_points
from fercore.export.standalone import Difference, face_shape
from fercore.runs import Run, RunError

RESPONSIBLE = """\
## What it must not be used for

An expression is not a feeling: the model names what people would call the face in a picture. Inferring emotions of \
people at work or in education is prohibited in the European Union, except for medical or safety reasons (AI Act, \
Art. 5(1)(f), https://eur-lex.europa.eu/eli/reg/2024/1689/oj); other emotion recognition counts as high-risk there \
(Annex III, 1(c)). {} no sample of anybody's population: expect other error rates on other people, and measure them \
first.
"""
_FACES = "The faces that it learned from are"
_WEB_SEARCH = "Faces of FER2013 were collected by web search in 2013 and are"


@dataclass(frozen=True)
class Exported:
    """What a card says of the files beside it.

    Attributes
    ----------
    format, file
        What they are in words, and the file (or "this folder") that holds the model.
    usage
        Python that answers for a crop with nothing of this project.
    inside
        What of the preprocessing is inside the file, as a sentence.
    out
        What comes out: "probabilities (N, C)" or "logits (N, C)".
    difference
        From the run's own model.
    notes
        Further sentences on the format.
    accuracy
        Split -> measured accuracy of the exported model itself, as in `record.OnnxRecord`; empty where it answers as
        the run does.
    """

    format: str
    file: str
    usage: str
    inside: str
    out: str
    difference: Difference
    notes: str = ""
    accuracy: Mapping[str, Mapping] | None = None


def model_card(run: Run, exported: Exported) -> str:
    """The card, in Markdown with the front matter that the Hugging Face hub reads."""
    return "\n".join(
        [
            _front_matter(run),
            f"# {run.name}: facial-expression recognition",
            "",
            _what(run, exported),
            "## Use",
            "",
            f"```python\n{exported.usage}\n```",
            "",
            _about_the_input(run, exported),
            "## How good it is",
            "",
            *accuracy_lines(run, exported),
            "",
            *people_lines(run),
            _protocol(run),
            *weak_lines(run),
            f"## Checked\n\nOn {exported.difference.faces}, probabilities differ from those of the run's own model in "
            f"PyTorch by {exported.difference.largest:.1e} at most and {exported.difference.mean:.1e} on average.\n",
            RESPONSIBLE.format(_WEB_SEARCH if learned_from(run) == FER2013 else _FACES),
            f"## Licence\n\nOf the weights: {_plain(licence(run))}. The code that made them is under the MIT licence. "
            f"{_plain(learned_from(run) or 'The data')}, which they learned from, may have terms of its own.\n",
        ]
    )


def _about_the_input(run: Run, exported: Exported) -> str:
    height, width, *colours = face_shape(run)
    kind = "colour" if colours else "gray"
    classes = ", ".join(f"{index} {_plain(name)}" for index, name in enumerate(run.classes))
    levels = "uint8 red, green and blue" if colours else "uint8 from 0 (black) to 255 (white)"
    return (
        f"## Input and output\n\n- In: {kind} crops of faces, {width}x{height} pixels, {levels}, tight around the face "
        f"as those it learned from, not histogram-equalised. {exported.inside}\n"
        f"- Out: {exported.out} for the {len(run.classes)} classes in this order: {classes}.\n"
    )


def accuracy_lines(run: Run, exported: Exported) -> list[str]:
    """A table of the accuracy on every split that was measured, each with its interval and what speaks against it."""
    lines = ["| Images | Model | Accuracy (95 % interval) | n | |", "| --- | --- | --- | --- | --- |"]
    for split, tta in run.evaluations():
        try:
            metrics = run.metrics(split, tta)
            flip = ", averaged with the mirror image" if tta == "flip" else ""
            lines.append(_row(run, split, metrics["split_name"], f"the run{flip}", metrics["accuracy"], metrics["n"]))
        except (RunError, KeyError):
            continue  # a damaged report is no figure
    for split, figure in (exported.accuracy or {}).items():
        lines.append(_row(run, split, figure["split_name"], exported.format, figure, figure["n"]))
    return lines if len(lines) > 2 else ["It has not been measured."]


def people_lines(run: Run) -> list[str]:
    """How the run compares with most people on the test split; nothing where they did not vote on its images."""
    try:
        found = run.predictions("test")
    except RunError:
        return []
    votes = votes_on(found.id)
    people = None if votes is None else people_report(found, run.classes, votes)
    if people is None:
        return []
    name = _plain(split_name(run, "test"))
    return ["Judged by people (FER+): " + f"{judged_words(people, name, 'The run')} {sides_words(people)}".strip(), ""]


def weak_lines(run: Run) -> list[str]:
    """Where the run fails, as far as it was measured; nothing where it was not."""
    said = weak_sentences(weak_points(run), split_name(run, "test"))
    return ["## Where it fails", "", *(f"- {_plain(words)}" for words in said), ""] if said else []


def _row(run: Run, split: str, name: str, model: str, accuracy: Mapping, n: int) -> str:
    found = contamination(run, split)
    flag = f"training data {found}: what it remembers, not what it can do" if found else ""
    return f"| {_plain(name)} | {model} | {with_range(accuracy)} | {count(n)} | {_plain(flag)} |"


def _what(run: Run, exported: Exported) -> str:
    model = run.info["config"].get("model")
    kind = model.get("type", "network") if isinstance(model, dict) else "network"
    members = f", the mean of the probabilities of {', '.join(run.members)}" if run.members else ""
    parameters = f", {count(run.parameters)} parameters" if run.parameters else ""
    return (
        f"It says which of {len(run.classes)} expressions people would see in a face: "
        f"{', '.join(map(_plain, run.classes))}. A {_plain(kind)}"
        f"{members}{parameters}, made with the FER workbench from its run `{run.name}`. {exported.file} is "
        f"{exported.format}. {exported.notes}\n"
    )


def _protocol(run: Run) -> str:
    known = run.info.get("trained_on")
    record = known if isinstance(known, dict) else {}
    teacher, splits = record.get("teacher"), record.get("splits")
    whose = f"{_plain(name)}'s" if (name := learned_from(run)) else "the"
    taught = f", taught by the run {_plain(teacher.get('name'))}" if isinstance(teacher, dict) else ""
    learned = (
        f"It learned from {whose} {', '.join(map(_plain, splits)) or 'no'} split{taught}"
        if isinstance(splits, list)
        else "What it learned from is not known, so its figures may be of images that it remembers"
    )
    first = record.get("pretraining")
    began = f" It began from weights of {_plain(first)}." if isinstance(first, str) and first else ""
    note = f" {_plain(record['note'])}" if isinstance(record.get("note"), str) else ""
    val, test = (_plain(split_name(run, split)) for split in ("val", "test"))
    chosen = f"Epoch and settings were chosen on {val}, so that only {test}'s figure is fair."
    how = "" if "source" in run.info else chosen
    return f"{learned}. {how}{began}{note} Intervals are Wilson's.\n"


def _plain(text: object) -> str:
    """Text of a run folder, which may be a stranger's, on one line without a mark of Markdown or HTML."""
    words = "".join(c if c.isprintable() else " " for c in str(text)[:500])
    return re.sub(r"[\[\]<>|`*\\!]", " ", words)


def _front_matter(run: Run) -> str:
    """What the Hugging Face hub reads of a model."""
    tags = ["facial-expression-recognition", *["fer2013"] * (learned_from(run) == FER2013)]
    return "\n".join(["---", "pipeline_tag: image-classification", "tags:", *(f"- {tag}" for tag in tags), "---"])
