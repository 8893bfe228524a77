"""Pictures on the Predict page: what is in them, and what the models say of it."""

from __future__ import annotations

import numpy as np
import streamlit as st

import state
from fercore.data.decode import UnreadableImage
from fercore.inference.predictor import Answers
from fercore.runs import Run
from state.found_faces import Looked
from views.predict.answer_table import Answered, share_out
from views.predict.answer_text import headline
from views.predict.cards import draw_picture, draw_table
from views.predict.question import Asking, describe_sure
from views.predict.uploads import File
from wording.markdown import code, message


def show_pictures(files: list[File], asking: Asking) -> None:
    """The pictures that can be read, with their answers."""
    names, looked = look_at(files, asking)
    if not looked:
        st.stop()
    answered = answered_by(names, looked, asking)
    models = asking.models(asking.runs, answered[0].answers)
    state.draw_answer(headline(answered, models.labels))
    draw_picture(answered, models)
    describe_sure(models, asking.tta)
    if any(one.looked.faces for one in answered):
        draw_table(answered)


def look_at(files: list[File], asking: Asking) -> tuple[list[str], list[Looked]]:
    """Names and contents of the pictures that can be read; each of the others is named with the reason."""
    names, found = [], []
    bar = st.progress(0.0) if len(files) > 1 else None
    for number, file in enumerate(files):
        if bar:
            bar.progress(number / len(files), f"Picture {number + 1} of {len(files)}")
        try:
            found.append(state.looked_at(file.data, asking.detect, asking.shapes.values()))
            names.append(file.name)
            for note in found[-1].notes:
                st.caption(f"{code(file.name)}: {message(note)}.")
        except UnreadableImage as error:
            st.error(f"{code(file.name)} is left out: {message(error)}", icon=":material/broken_image:")
    if bar:
        bar.empty()
    return names, found


def answered_by(names: list[str], looked: list[Looked], asking: Asking) -> list[Answered]:
    """The pictures with the answers of each model that can be loaded; stops the page where none can."""

    def answers_of(run: Run) -> Answers:
        crops = np.concatenate([one.crops[state.face_shape(run)] for one in looked])
        return state.answers(run, crops, asking.tta, asking.runtimes[run.name])

    with st.spinner("Asking the models ..."):
        answers = state.readable(answers_of, asking.runs)
    if not answers:
        st.stop()
    return share_out(names, looked, answers)
