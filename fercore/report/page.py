"""The report as one HTML page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fercore.evaluation.contamination import FER2013, learned_from
from fercore.report import contents, drawing, facts
from fercore.report.figures import measure_all
from fercore.runs import Run, RunError, atomic_write


def _unbroken(value: object) -> object:
    """Text without line breaks inside a figure: before a per cent sign, around "n = "."""
    if type(value) is not str:
        return value
    return value.replace(" %", "\u00a0%").replace("n = ", "n\u00a0=\u00a0")


_ENVIRONMENT = Environment(
    loader=PackageLoader("fercore", "report"),
    autoescape=True,  # all of a run folder is text to be shown, never markup
    undefined=StrictUndefined,
    finalize=_unbroken,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html_report(run: Run, local: Path | None = None, now: datetime | None = None) -> str:
    """A run's report: one HTML page without scripts that needs no network.

    Parameters
    ----------
    run
        Any run: without weights, data set, predictions or a single epoch the page says so.
    local
        File of copies of the user's own data set, see `fercore.data.copies.with_copy_in_training`.
    now
        When it is made; by default now.
    """
    measured, problems = measure_all(run, local)
    # Of each split the answers to the images as they are; averaged ones only where there are no others.
    shown = list({found.split: found for found in reversed(measured)}.values())[::-1]
    faces, problem = _faces(run)
    made = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    return _ENVIRONMENT.get_template("template.html").render(
        style=Markup(_ENVIRONMENT.get_template("style.css").render()),
        name=run.name,
        made=made,
        status=run.status,
        answer=contents.answer(run, measured),
        problems=[*problems, *problem],
        warning=contents.warning(run, measured[0]) if measured else None,
        figures=contents.FIGURES.values(),
        scores=contents.score_rows(measured),
        weaknesses=contents.weaknesses(run),
        no_clean=contents.no_clean_notes(measured),
        emotions=run.classes,
        size=_size(run),
        of_fer2013=learned_from(run) == FER2013,
        model=facts.model(run),
        data=facts.data(run),
        counts=facts.counts(run),
        faces=faces,
        learning=contents.learning_part(run),
        sections=[contents.section(run, found) for found in shown],
        calibrations=[part for found in shown if (part := contents.calibration_part(run, found))],
        provenance=facts.provenance(run),
        settings=facts.settings(run),
        files=facts.fingerprints(run),
    )


def write_report(run: Run, path: Path, local: Path | None = None) -> None:
    """Write a run's report to a file; a kill or a full disk leaves an earlier one."""
    page = html_report(run, local)
    atomic_write(path, lambda file: file.write(page.encode("utf-8")))


def _size(run: Run) -> str:
    """What the faces are that the model learned from, in words: "48 by 48 gray pixels"."""
    try:
        faces = run.average_faces()
    except RunError:
        faces = None
    if faces is None:
        return "small gray pictures"
    return f"{faces.shape[2]} by {faces.shape[1]} {'colour' if faces.ndim == 4 else 'gray'} pixels"


def _faces(run: Run) -> tuple[list[tuple[str, str]], list[str]]:
    """Emotion and picture of each average face, and what is wrong with them."""
    try:
        faces = run.average_faces()
    except RunError as error:
        return [], [str(error)]
    pictures = [] if faces is None else [drawing.picture(face) for face in faces]
    return list(zip(run.classes, pictures, strict=False)), []
