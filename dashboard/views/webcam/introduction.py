"""What the webcam page says before and after the video: how good its models are, and what they are not for."""

from __future__ import annotations

import state
from fercore.runs import Run, RunError
from widgets.model_pair import labels
from wording.clean_score import split_names
from wording.contamination import contamination_badge
from wording.figures import accuracy_words
from wording.markdown import code, escape

APART = " Their labels differ, so these do not compare; the score “as most people see it” does."
PRIVACY = """
- **An expression is not a feeling.** A model names what people would call the face in a picture. It was taught on
  photos of posed and searched-for faces, and is wrong about one in three of them.
- **Nothing is stored.** A frame goes from your browser to this server, is looked at in its memory, and is gone with the
  next. What is recorded until you leave are numbers; a face is kept only if you press Keep this moment.
- Do not use it on people at work or in education: in the EU that is prohibited, except for medical or safety reasons
  (AI Act, Art. 5(1)(f)). Other emotion recognition counts as high-risk there (Annex III, 1(c)).
"""


def introduction(runs: list[Run], score: state.Score) -> str:
    """Which models answer, and the accuracy of each on the test split, where that was measured."""
    names = " and ".join(code(run.name) for run in runs)
    says = f"{names} {'say' if len(runs) > 1 else 'says'} live what your face expresses."
    known = [(label, found) for run, label in zip(runs, labels(runs), strict=True) if (found := measured(run, score))]
    accuracies = [f"{label} has {found}" for label, found in known]
    if not accuracies:
        return says
    apart = len(known) > 1 and score != state.Score.PEOPLE and state.of_one_data_set(runs)[1]
    return f"{says} {', '.join(accuracies)}.{APART if apart else ''}"


def measured(run: Run, score: state.Score) -> str:
    """ "accuracy 64.6 % on PrivateTest (95 % interval 63.0 to 66.1)", or nothing."""
    try:
        report = state.metrics(run, "test", score=score)
    except RunError:
        return ""
    name = escape(split_names([run], score)["test"])
    return f"{accuracy_words(report['accuracy'], name)}{contamination_badge(run, 'test')}"
