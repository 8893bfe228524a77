"""What models say of faces, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from fercore.charts.style import percent
from fercore.inference.predictor import Answers
from views.predict.answer_table import Answered
from wording.markdown import escape, unbroken

UNSURE = "not sure"
WAYS_ON = (
    "Take one in which the face is larger and looks at the camera, or "
    "switch Find faces off: then the middle of the picture is the face."
)


def headline(answered: Sequence[Answered], labels: Mapping[str, str]) -> str:
    """How many faces there are, and what each model says of them: "CNN says **happy**, 83.4 %."

    Parameters
    ----------
    answered
        All pictures.
    labels
        Run name -> its short name.
    """
    faces = sum(len(one.looked.faces) for one in answered)
    if not faces:
        return f"No face is found in {'these pictures' if len(answered) > 1 else 'this picture'}."
    if faces == 1:
        (one,) = (picture for picture in answered if picture.looked.faces)
        said = [f"{labels[run]} {says(own, 0)}" for run, own in one.answers.items()]
        return f"{'; '.join(said)}."
    where = f"{len(answered)} pictures" if len(answered) > 1 else "one picture"
    counts = [f"{labels[run]}: {_counts(answered, run)}" for run in answered[0].answers]
    return f"{faces} faces in {where}. {'. '.join(counts)}."


def says(answers: Answers, number: int) -> str:
    """ "says **happy**, 83.4 %", or "is **not sure**: happy 41.0 %, neutral 30.2 %", of one of the faces."""
    probabilities, names = answers.probabilities[number], [escape(name) for name in answers.classes]
    first, second = np.argsort(-probabilities, kind="stable")[:2]
    shares = [unbroken(percent(value)) for value in probabilities]
    if answers.sure[number]:
        return f"says **{names[first]}**, {shares[first]}"
    likely = ", ".join(f"{names[code]} {shares[code]}" for code in (first, second))
    return f"is **{UNSURE}**: {likely}"


def _counts(answered: Sequence[Answered], run: str) -> str:
    counts = Counter(
        escape(name) if sure else UNSURE
        for picture in answered
        for name, sure in zip(picture.answers[run].names, picture.answers[run].sure, strict=True)
    )
    return ", ".join(f"{count} {answer}" for answer, count in counts.most_common())
