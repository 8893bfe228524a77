"""Predict: which expressions do one or two models see in pictures of the user's own?"""

from collections.abc import Collection, Iterable

import numpy as np
import streamlit as st

import state
from fercore.data.decode import UnreadableImage
from fercore.evaluation.confidence import UNKNOWN_CONFIDENCE
from fercore.runs import Run
from widgets.model_pair import choose_pair, choose_runtimes, labels
from widgets.page_title import page_title
from wording.markdown import code, escape, message

page_title("Predict", "Which expressions are in your pictures?")
with st.spinner("Loading the models ..."):
    from fercore.inference.predictor import Answers
    from state.found_faces import Looked
    from views.predict.answer_table import Answered, share_out
    from views.predict.answer_text import headline
    from views.predict.cards import Models, choose_method, draw_picture, draw_table  # brings torch: seconds, once
    from views.predict.clip import Kept, ask, choose_clip, draw_progress, go_on
    from views.predict.clip_results import draw_results
    from views.predict.detector_choice import offer_yunet
    from views.predict.uploads import VIDEO, File, choose_pictures, choose_source

ABOUT = """
- **An expression is not a feeling.** A model names what people would call the face in a picture, and is wrong about one
  in three of them. Do not use it on people at work or in education: in the EU that is prohibited, except for
  medical or safety reasons (AI Act, Art. 5(1)(f)). Other emotion recognition counts as high-risk there (Annex III,
  1(c)).
- **Nothing is stored.** Pictures and videos go from your browser to this server's memory and are forgotten with
  your session.
- **What the models see** is the square on each card, cropped as FER2013's faces are, in the size and the colours that
  each model learned from (those of FER2013 are gray, of 48x48 pixels); heads that lean or lie are set upright. Square
  pictures of at most 64 pixels are crops already and are used whole, and so are those of at most 128 in which no face
  is found. Where none is found in a crop, no answer is sure.
- **Probabilities** are scaled by a temperature chosen on the validation split, so that of all answers given with 70 %
  about 70 % are right (Guo et al. 2017).
"""


def switch(label: str, key: str, help: str, value: bool = False) -> bool:
    """A switch whose position is in the URL."""
    return st.toggle(label, value, key=key, help=help, bind="query-params")


def look_at(files: list[File], detect: bool, shapes: Iterable[tuple[int, ...]]) -> tuple[list[str], list[Looked]]:
    """Names and contents of the pictures that can be read; each of the others is named with the reason."""
    names, found = [], []
    bar = st.progress(0.0) if len(files) > 1 else None
    for number, file in enumerate(files):
        if bar:
            bar.progress(number / len(files), f"Picture {number + 1} of {len(files)}")
        try:
            found.append(state.looked_at(file.data, detect, shapes))
            names.append(file.name)
            for note in found[-1].notes:
                st.caption(f"{code(file.name)}: {message(note)}.")
        except UnreadableImage as error:
            st.error(f"{code(file.name)} is left out: {message(error)}", icon=":material/broken_image:")
    if bar:
        bar.empty()
    return names, found


def answered_by(
    runs: list[Run], names: list[str], looked: list[Looked], tta: str, runtimes: dict[str, str]
) -> list[Answered]:
    """The pictures with the answers of each model that can be loaded; stops the page where none can."""

    def answers_of(run: Run) -> Answers:
        crops = np.concatenate([one.crops[state.face_shape(run)] for one in looked])
        return state.answers(run, crops, tta, runtimes[run.name])

    with st.spinner("Asking the models ..."):
        answers = state.readable(answers_of, runs)
    if not answers:
        st.stop()
    return share_out(names, looked, answers)


def asked_of(chosen: list[Run], names: Collection[str]) -> Models:
    """The models among those chosen that answered."""
    asked = [run for run in chosen if run.name in names]
    return Models(asked, dict(zip((run.name for run in asked), labels(asked), strict=True)), shapes, method)


def describe_sure(runs: list[Run], short: dict[str, str], tta: str) -> None:
    """What being sure means, for each model."""
    for run in runs:
        confidence = state.confidence(run, tta)
        words = confidence.words(state.split_name(run, "val")) if confidence else UNKNOWN_CONFIDENCE
        st.caption(f"**{short[run.name]}.** {escape(words)}")


def show_pictures(files: list[File]) -> None:
    """The pictures that can be read, with their answers."""
    names, looked = look_at(files, detect, shapes.values())
    if not looked:
        st.stop()
    answered = answered_by(runs, names, looked, tta, runtimes)
    models = asked_of(runs, answered[0].answers)
    state.draw_answer(headline(answered, models.labels))
    draw_picture(answered, models)
    describe_sure(models.runs, models.labels, tta)
    if any(one.looked.faces for one in answered):
        draw_table(answered)


def show_clip() -> Kept | None:
    """A video, what is done about it, and what was found in it."""
    kept = choose_clip()
    if kept:
        ask(kept, runs, tta, runtimes, detect)
        draw_progress(kept)
        if kept.survey and kept.survey.finished:
            models = asked_of(kept.runs, kept.survey.runs)
            draw_results(kept, models)
            describe_sure(models.runs, models.labels, tta)
    return kept


with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    runs = choose_pair()
    with st.container(width="content", gap="xsmall"):
        detect = switch("Find faces", "find_faces", "Off: the middle of each picture is a face", True)
        flip = switch("Average with the mirror image", "flip", "A little more accurate, half as fast")
        heat = switch("Heat maps", "heat", "Which places of each face an answer rests on")
        runtimes = choose_runtimes(runs)
    method = choose_method() if heat else None
shapes = state.readable(state.face_shape, runs)
if not shapes:
    st.stop()
runs = [run for run in runs if run.name in shapes]
tta = "flip" if flip else "none"
source = choose_source()
kept = None
if source == VIDEO:
    kept = show_clip()
else:
    show_pictures(choose_pictures(source, runs))
with st.expander("What this means, and what happens with the pictures", icon=":material/info:"):
    st.markdown(ABOUT)
    offer_yunet()
if kept:
    go_on(kept)
