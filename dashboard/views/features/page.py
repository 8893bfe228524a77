"""Filters and activations: what do a model's channels look for, and for which emotion do they fire?"""

import pandas as pd
import streamlit as st

import state
from fercore.charts.style import count, percent
from fercore.explain.selectivity import answer
from fercore.explain.summary import TOP
from fercore.runs import Run
from widgets.job_status import offer
from widgets.page_title import page_title
from wording.markdown import code, escape

page_title("Filters, activations", "What do the channels look for?")
with st.spinner("Loading the methods ..."):  # they bring torch: seconds, once
    from views.features.channel import draw_channel
    from views.features.channel_grid import draw_grid
    from views.features.layer_view import BESIDE, View, choose_view
    from views.features.layers import draw_layers, draw_leaders

MOST = 8  # other runs to name


def answer_of_summary(run: Run, tables: tuple[pd.DataFrame, pd.DataFrame]) -> str:
    """One sentence: where the most selective channels are, and for which emotion."""
    found = answer(*tables)
    if found is None:
        return f"No hidden channel of {code(run.name)} fires on {TOP} images or more."
    return (
        f"The channels of {code(run.name)} are most selective in {escape(found.layer)}: from 0 (all emotions alike) to "
        f"1 (one alone) the median of its {count(found.channels)} active channels is {found.median:.2f} (quartiles "
        f"{found.low:.2f} to {found.high:.2f}), and {percent(found.share, 0)} prefer {found.emotion}."
    )


def answer_of_faces(view: View) -> str:
    """One sentence without a summary: which channel fires most on the faces shown."""
    strongest = int(view.maps.clip(0).mean(axis=(0, 2, 3)).argmax())
    kinds = f"{count(view.maps.shape[1])} channels of {escape(view.layer.name)} in {code(view.run.name)}"
    return f"Of the {kinds}, {view.title(strongest)} fires most on these faces."


def say_no_weights(run: Run) -> None:
    others = ", ".join(code(other.name) for other in state.with_weights(state.runs())[:MOST])
    st.info(
        f"{code(run.name)} has no weights here, so nothing can be computed with it. "
        + (f"Runs that have them: {others}." if others else "No run here has them; train one:"),
        icon=":material/block:",
    )
    if not others:
        st.code(state.command(state.HOW_TO_TRAIN), language="bash", wrap_lines=True)


def say_no_summary(run: Run) -> None:
    st.info("Which emotion each channel prefers is not known yet.")
    offer("features", "Find it out", subject=run.name, effect="It writes one file into the run's folder.")


# Without weights a stored summary can still be shown.
able = [run for run in state.require_runs() if run.has_weights or any(run.path.glob("features_*.npz"))]
run = state.choose_run(able or None)
headline = st.container()
split, summary = state.features(run) or (None, None)
view = choose_view(run, summary) if run.has_weights else say_no_weights(run)
with headline:
    if summary is not None:
        tables = state.layer_tables(run, split)
        state.draw_answer(answer_of_summary(run, tables))
    elif view is not None:
        state.draw_answer(answer_of_faces(view))
if view is not None:
    with st.container(horizontal=True, gap="small"):  # beside each other where they fit
        with st.container(width=BESIDE):
            channel = draw_grid(view)
        with st.container(width=BESIDE):
            draw_channel(view, channel, split)
if summary is not None:
    draw_layers(run, split, summary, *tables)
elif run.has_weights:
    say_no_summary(run)
if view is not None and view.table is not None:
    draw_leaders(view)
