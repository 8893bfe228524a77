"""A table of runs: search, filters, one row for all seeds, chosen columns, and what can be done with the ticked ones.

`choose_rows` and `choose_columns` draw what is above the table and say which runs and columns are shown, so that
nothing is read of the others; `draw_rows` draws the table that was made of these.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

import state
from fercore.run_facets import FACETS, Facets, by_seed, choices, matches, seed_groups
from fercore.run_files import RunError
from fercore.run_notes import LONGEST_TAG, Notes, write_notes
from fercore.runs import Run
from widgets.links import draw_comparison_link
from widgets.pagination import choose_page
from wording.markdown import code, message

AT_ONCE = 50  # rows of a table
COMPARED = 12  # runs that a link to Compare names
MEANS = (
    "One row for runs that differ in the seed alone: mean accuracy, and in its range the lowest and highest of them."
)


@dataclass(frozen=True)
class Rows:
    """What a page of a table shows: groups of runs that differ in the seed alone, of one run where nothing is grouped.

    `grouped` says whether that was asked for.
    """

    groups: Sequence[Sequence[Run]]
    grouped: bool = False

    @property
    def runs(self) -> list[Run]:
        """All runs of the rows, in their order."""
        return [run for group in self.groups for run in group]

    def summed(self, table: pd.DataFrame, beside: Sequence[str] = ()) -> pd.DataFrame:
        """A table of the runs with one row for each group, see `fercore.run_facets.by_seed`."""
        return by_seed(table, self.groups, beside) if self.grouped else table


def choose_rows(runs: Sequence[Run], key: str, parts: Sequence[Run] = ()) -> Rows:
    """Draw search, filters and the chooser of a page.

    Parameters
    ----------
    runs
        The runs, in the order of the table.
    key
        Begins the names of all choices in the address.
    parts
        Points of studies and folds, which are shown where their study is asked for.
    """
    found = {run.name: state.facets(run) for run in (*runs, *parts)}
    grouped = False
    if len(found) > 1:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            asked = {"key": f"{key}_find", "bind": "query-params", "placeholder": "Name, tag, note, recipe"}
            search = st.text_input("Search", icon=":material/search:", width=280, **asked)
            wanted = _choose_filters(found.values(), key)
            grouped = st.toggle("Seeds as one", key=f"{key}_seeds", bind="query-params", help=MEANS)
        among = parts if wanted.get("study") else runs
        chosen = [run for run in among if matches(found[run.name], search, wanted)]
        if len(chosen) < len(runs):
            st.caption(f"{len(chosen):,} of {len(found):,} runs")
    else:
        search, wanted, chosen = "", {}, list(runs)
    groups = seed_groups(chosen) if grouped else [[run] for run in chosen]
    asked = repr((search, wanted, grouped))
    return Rows(groups[choose_page(len(groups), AT_ONCE, f"{key}_page", of=asked, in_url=True)], grouped)


def choose_columns(columns: Mapping[str, Any], key: str, hidden: Collection[str] = ()) -> dict[str, Any]:
    """Draw the chooser of columns; nothing needs to be read for the others.

    Parameters
    ----------
    columns
        Column -> its `st.column_config`, in the order wanted; the first is always shown.
    key
        As in `choose_rows`.
    hidden
        Columns that are shown only where somebody asks for them.

    Returns
    -------
    dict
        The chosen ones.
    """
    first, *others = columns
    labels = {name: columns[name].get("label") or name for name in others}
    asked = {"key": f"{key}_columns", "bind": "query-params", "format_func": labels.get}
    default = [name for name in others if name not in hidden]
    with st.popover("Columns", icon=":material/view_column:"):
        kept = st.multiselect("Columns", others, default=default, label_visibility="collapsed", **asked)
    return {name: column for name, column in columns.items() if name == first or name in kept}


def draw_rows(table: pd.DataFrame, rows: Rows, columns: Mapping[str, Any], key: str) -> None:
    """Draw the table, with boxes to tick, and what can be done with the ticked runs.

    Parameters
    ----------
    table
        A row each, whose column "run" or "Run" names its run, of a group the first.
    rows
        From `choose_rows`.
    columns
        From `choose_columns`, the run's first; those that the table lacks are not shown.
    """
    if table.empty:
        st.info("No run fits. Change the search or the filters.")
        return
    names = table[next(iter(columns))].tolist()
    # A tick stays with its row only while the rows are the same.
    ticked = st.dataframe(
        table[[name for name in columns if name in table]],
        column_config=dict(columns),
        hide_index=True,
        placeholder="–",
        on_select="rerun",
        selection_mode="multi-row",
        key=f"{key}_rows_{zlib.crc32(repr(names).encode('utf-8', 'replace'))}",
    )["selection"]["rows"]
    if rows.grouped:
        st.caption(f"{MEANS} Where a row is one run's, the range is its 95 % interval.")
    groups = {run.name: group for group in rows.groups for run in group}  # the first may be unreadable
    draw_ticked([run for name in dict.fromkeys(names[row] for row in ticked) for run in groups[name]], key)


def draw_ticked(runs: Sequence[Run], key: str) -> None:
    """What can be done with some runs: compare them, tag them."""
    if not runs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_comparison_link(list(runs[:COMPARED]))
        if state.may_start_jobs():
            with st.popover(f"Tags of {len(runs)} run{'s' * (len(runs) > 1)}", icon=":material/sell:"):
                _draw_tags(runs, key)


def _choose_filters(found: Sequence[Facets], key: str) -> dict[str, list[str]]:
    offered = {facet: values for facet in FACETS if (values := choices(found, facet)) and _tells(facet, values)}
    number = sum(bool(st.session_state.get(f"{key}_{facet}")) for facet in offered)
    if not offered:
        return {}
    with st.popover(f"Filters: {number}" if number else "Filters", icon=":material/filter_list:"):
        asked = {"bind": "query-params", "placeholder": "Any"}
        return {
            facet: st.multiselect(FACETS[facet], values, key=f"{key}_{facet}", **asked)
            for facet, values in offered.items()
        }


def _tells(facet: str, values: Sequence[str]) -> bool:
    """Whether a filter tells runs apart: what all have alike does not, but not all have a tag or a study."""
    return len(values) > 1 or facet in ("tag", "study")


def _draw_tags(runs: Sequence[Run], key: str) -> None:
    known = {run.name: state.notes(run) for run in runs}
    shared = sorted(set.intersection(*(set(one.tags) for one in known.values())))
    every = choices((state.facets(run) for run in state.runs()), "tag")
    which = zlib.crc32(repr(sorted(known)).encode("utf-8", "replace"))
    asked = {"accept_new_options": True, "key": f"{key}_tags_{which}", "placeholder": "Choose or type a tag"}
    tags = st.multiselect("Tags that all of these have", every, default=shared, **asked)
    st.caption(f"At most {LONGEST_TAG} characters each. They are kept beside each run, in note.json.")
    if st.button("Keep the tags", key=f"{key}_keep_tags_{which}", disabled=sorted(tags) == shared):
        try:
            for run in runs:
                own = known[run.name]
                write_notes(run, Notes(own.note, tuple({*own.tags} - {*shared} | {*tags})))
        except (RunError, OSError) as error:
            st.error(f"{code(run.name)}: {message(error)}", icon=":material/error:")
        else:
            st.rerun()
