"""A model judged by people: a sentence or two and a chart, on every page that tells how good a model is."""

from __future__ import annotations

import streamlit as st

import state
from fercore.charts.people import agreement_chart, answers_matrix, judged_chart, judged_words, sides_words
from fercore.charts.style import count
from fercore.runs import Run
from wording.markdown import code, escape

HOW = (
    "Ten people were asked about each image of FER2013 (FER+, Barsoum et al. 2016). Their answer is what more than "
    "half of them say, once answers of a single person are dropped. The single person is each of the ten, compared "
    "with the other nine; a model can do better, as it may learn what most people would say."
)


def draw_judged(run: Run, split: str, tta: str = "none", *, details: bool = False) -> None:
    """The sentence and the chart; nothing where people voted on none of the images."""
    people = state.people(run, split, tta, details=details)
    if people is None:
        return
    st.subheader("Judged by people")
    name = escape(state.split_name(run, split))
    st.markdown(f"{judged_words(people, name, code(run.name))} {sides_words(people)}")
    state.chart(
        judged_chart, people, state.dark(), alt="Agreement with most people of a person, the model and the label"
    )
    st.caption(HOW)
    if details:
        draw_details(people)


def draw_details(people: dict) -> None:
    """By how many people agree, and how far the distributions lie apart."""
    with st.expander("What people say against what the model says", icon=":material/grid_on:"):
        state.chart(answers_matrix, people, state.dark(), width="content", alt="Most people's answer by the model's")
        st.caption(
            "Images by the answer with most votes, whatever its share; ties are left out. Shades: share of a row."
        )
    with st.expander("By how many people agree", icon=":material/groups:"):
        state.chart(agreement_chart, people, alt="Agreement with most people by the number of people who agree")
        apart, images = people["distance"], people["images"]
        st.markdown(
            "The Jensen-Shannon distance between the model's probabilities and the people's shares (0 the same, 1 "
            f"nothing in common) is {_number(apart['model'])} on average; one answer of a single person is "
            f"{_number(apart['person'])} from the other nine, equal shares of all expressions are "
            f"{_number(apart['uniform'])}."
        )
        st.caption(
            f"Of {count(images['with_votes'])} images with votes {count(images['undecided'])} have no answer of more "
            f"than half; of {count(images['unknown'] + images['no_face'])} most people say that they do not know or "
            "see no face. These count for nobody."
        )


def _number(figure: dict) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
