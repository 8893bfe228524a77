"""The choosers of the slices page, in its address where they are not a file."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

import state
from fercore.data.dataset import DataError
from fercore.evaluation.attributes import PARTS, Attribute, slice_name
from fercore.evaluation.slice_file import EXPECTED
from fercore.evaluation.slices import pairs
from fercore.runs import Run
from views.slices.measured import uploaded
from widgets.image_slices import attributes_of
from widgets.one_of import one_of
from wording.markdown import escape, message

NOBODY = "no other run"
NOTHING_KNOWN = (
    "Nothing is known of these images yet: brightness, contrast and sharpness need their data set here. Slices of your "
    "own can be uploaded."
)


class Asked(NamedTuple):
    """What is chosen: single attributes, those shown (pairs of them, where asked for), and a second run."""

    single: list[Attribute]
    shown: list[Attribute]
    other: Run | None

    @property
    def names(self) -> dict[tuple[str, str], str]:
        """Attribute and group -> what the slice is called on other pages, which know none of a visitor's file."""
        groups = [(one, value) for one in self.single for value in one.values]
        return {(one.name, value): name for one, value in groups if (name := slice_name(one, value))}


def choose(evaluation: state.Evaluation) -> Asked:
    """Draw all choosers; stops the page where no attribute is left."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        bound = {"bind": "query-params"}
        parts = one_of("Groups of a measure", list(PARTS), default=3, key="groups", **bound)
        in_pairs = st.toggle("Two attributes at once", key="pairs", bind="query-params")
        other = _choose_other(evaluation)
    known = attributes_of(evaluation, parts) + _choose_file(evaluation)
    names = [one.name for one in known]
    if not known:
        st.info(NOTHING_KNOWN)
        st.stop()
    chosen = st.pills("Attributes", names, default=names, selection_mode="multi", format_func=escape)
    single = [one for one in known if one.name in chosen]
    if not single:
        st.info("Choose at least one attribute.")
        st.stop()
    return Asked(single, pairs(single) if in_pairs and len(single) > 1 else single, other)


def _choose_other(evaluation: state.Evaluation) -> Run | None:
    """Another run with answers for the very same images."""
    run, split, tta, _ = evaluation
    fingerprint = run.info["dataset"].get("fingerprint")
    same = [one for one in state.runs() if one.info["dataset"].get("fingerprint") == fingerprint]
    others = {one.name: one for one in same if one.name != run.name and (split, tta) in one.evaluations()}
    chosen = st.selectbox("Compared with", [NOBODY, *others], key="beside", bind="query-params", width=300)
    return others.get(chosen)


def _choose_file(evaluation: state.Evaluation) -> list[Attribute]:
    with st.expander("Slices of your own"):
        st.markdown(f"{EXPECTED[0].upper()}{EXPECTED[1:]}. It stays in memory and is stored nowhere.")
        file = st.file_uploader("CSV file", "csv", max_upload_size=state.upload_limit(64), key="slice_file")
        if file is None:
            return []
        try:
            found = uploaded(file.getvalue(), evaluation)
        except DataError as error:
            st.error(message(error))
            return []
        for note in found.notes:
            st.warning(escape(note))
        return found.attributes
