"""Groups of copies: which ones, and their pictures side by side."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

import state
from fercore.charts.style import count
from fercore.data.audit.findings import EXACT, NEAR
from views.audit.decisions import draw_decidable
from views.audit.picture import WIDTH
from views.audit.summary import group_title
from widgets.one_of import one_of
from widgets.pagination import choose_page
from wording.markdown import escape

AT_ONCE = 8  # groups
MOST = 24  # images of a group that are drawn
# Pixels of a group's frame and of each picture with its gap; pictures in a row. Three pairs fit a page of 1366.
CARD, PICTURE, BESIDE = 34, WIDTH + 16, 6
KINDS = {EXACT: "Same pixels", NEAR: "Near and mirrored"}
PLACES = {
    "any": "anywhere",
    "leak": "in training and a test split",
    "across": "in several splits",
    "within": "within one split",
}


def draw_groups(table: pd.DataFrame, names: Mapping[str, str]) -> None:
    """Choosers, then a page of groups."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = one_of(
            "Alike are",
            list(KINDS),
            default=EXACT,
            key="kind",
            format_func=KINDS.get,
            bind="query-params",
        )
        place = st.selectbox(
            "Where they lie", list(PLACES), key="place", format_func=PLACES.get, bind="query-params", width=260
        )
        conflict = st.toggle("only with conflicting labels", key="conflict", bind="query-params")
    rows = table[table["finding"] == kind]
    groups = chosen_groups(rows, place, conflict)
    if groups.empty:
        st.info("No group of copies is like that.")
        return
    part = choose_page(len(groups), AT_ONCE, "groups_page")
    shown = groups.iloc[part]
    st.caption(f"{count(part.start + 1)} to {count(part.start + len(shown))} of {count(len(groups))} groups.")
    with st.container(horizontal=True, gap="small"):  # small groups beside each other where they fit
        for group in shown.itertuples():
            with st.container(border=True, width=CARD + PICTURE * min(max(group.images, 2), BESIDE)):
                st.markdown(group_title(group, kind, names))
                draw_group(rows[rows["group"] == group.number], names)


def chosen_groups(rows: pd.DataFrame, place: str, conflict: bool) -> pd.DataFrame:
    """number, splits, conflict and images of the groups of one kind that are asked for, in their order."""
    groups = rows.groupby("group").agg(
        splits=("group_splits", "first"), conflict=("conflict", "first"), images=("id", "size")
    )
    several = groups["splits"].str.contains(",")
    wanted = {
        "any": several | ~several,
        "leak": several & groups["splits"].str.contains("train"),
        "across": several,
        "within": ~several,
    }[place]
    return groups[wanted & (groups["conflict"] | (not conflict))].rename_axis("number").reset_index()


def draw_group(own: pd.DataFrame, names: Mapping[str, str]) -> None:
    shown = own.head(MOST)
    with st.container(horizontal=True, gap="small"):
        for image, row in zip(shown.itertuples(), state.image_rows(shown["id"]), strict=True):
            draw_decidable(image.id, row, caption(image, names))
    if len(own) > len(shown):
        st.caption(f"and {count(len(own) - len(shown))} more; audit.csv lists them all.")


def caption(image: object, names: Mapping[str, str]) -> str:
    """Label, split, and on a second line how near its nearest near copy is: "r = 0.97, mirrored"."""
    near = f"r = {image.similarity:.2f}{', mirrored' * image.mirrored}" if pd.notna(image.similarity) else "exact copy"
    second = f"  \n{near}" if image.finding == NEAR else ""
    return f"**{image.label}**, {escape(names[image.split])}{second}"
