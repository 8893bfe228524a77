"""What a run's history comes to: its best epoch, its accuracy and its overfitting, in one sentence."""

import pandas as pd

import state
from fercore.charts.style import points
from fercore.evaluation.contamination import contamination
from fercore.evaluation.learning import Learning, learning
from fercore.runs import Run, RunError
from wording import clean_score
from wording.figures import accuracy_words
from wording.markdown import code, escape

VERDICTS = {"none": "no overfitting to see", "mild": "it overfits a little", "strong": "strong overfitting"}


def load(run: Run) -> tuple[pd.DataFrame, Learning | None]:
    """A run's history and what it comes to; None before the first epoch ends."""
    history, sizes = state.history(run), run.info["dataset"].get("split_sizes")
    if history.empty:
        return history, None
    images = sizes.get("val") if isinstance(sizes, dict) else None
    if type(images) is not int or images < 1:
        raise RunError(f"{run.path / 'run.json'}: dataset.split_sizes has no size of the val split")
    return history, learning(history, images)


def answer(run: Run, found: Learning, report: dict | None) -> str:
    """One sentence: best epoch, accuracy, overfitting; `report` is the clean one, if it is asked for and known."""
    whole = escape(state.split_name(run, "val"))
    accuracy, on = accuracy_words(found.val_accuracy, whole), ""
    if report:
        on = f"on the whole of {whole}"  # of single epochs nobody knows which images were right
        accuracy = accuracy_words(report["accuracy"], clean_score.images_of(report), clean_score.n_of(report))
    so_far = "so far " if run.status == "running" else ""
    gap = _gap_words(found.gap, on)
    return (
        f"{code(run.name)} is best {so_far}after epoch {found.best_epoch} of {found.epochs}: {accuracy}. "
        f"Its accuracy on the training images is {gap}: {VERDICTS[found.verdict]}."
    )


def _gap_words(gap: float, on: str) -> str:
    """ "8.0 points higher", than `on` other images where these are named."""
    size = points(abs(gap))
    if size == points(0):
        return f"the same{' as ' * bool(on)}{on}"
    return f"{size} {'higher' if gap > 0 else 'lower'}{' than ' * bool(on)}{on}"


def merit(run: Run, found: Learning) -> tuple[bool, float]:
    """What the best run has most of: accuracy in validation, after all runs that have not seen its images."""
    return contamination(run, "val") is None, found.val_accuracy["value"]


def clean_report(run: Run) -> dict | None:
    """Clean figures of a run's best epoch on the validation split; None where there are none."""
    known = ("val", "none") in run.evaluations() and state.copies(run, "val") is not None
    return state.metrics(run, "val", score=state.Score.CLEAN) if known else None
