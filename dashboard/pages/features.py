"""Filters and activations: what do a model's channels look for, and for which emotion do they fire?"""

import streamlit as st

import state
from downloads import download_table
from fercore.charts import features as charts
from fercore.charts.style import count, percent
from fercore.explain.selectivity import answer, layer_table, leaders, preference_table
from fercore.explain.summary import TOP, FeatureSummary
from fercore.runs import Run
from seen import badge
from words import code, escape

st.title("What do the channels look for?")
with st.spinner("Loading the methods ..."):  # they bring torch: seconds, once
    from channels.enlarged import draw_channel
    from channels.grid import draw_grid
    from channels.view import View, choose_view

BESIDE = 450  # pixels: the grid and one channel are beside each other, or below each other on a narrow screen
MOST = 8  # other runs to name


def answer_of_summary(run: Run, summary: FeatureSummary) -> str:
    """One sentence: where the most selective channels are, and for which emotion."""
    found = answer(summary)
    if found is None:
        return f"No hidden channel of {code(run.name)} fires on {TOP} images or more."
    return (
        f"The channels of {code(run.name)} are most selective in {escape(found.layer)}, where {count(found.channels)} "
        f"have a median index of {found.median:.2f} (quartiles {found.low:.2f} to {found.high:.2f}) and "
        f"{percent(found.share, 0)} prefer {found.emotion}."
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
    st.info("Which emotion each channel prefers is not known yet. Find out in a minute with:")
    st.code(state.command(f"scripts/features.py {run.name}"), language="bash", wrap_lines=True)


def draw_layers(run: Run, split: str, summary: FeatureSummary) -> None:
    st.subheader("Layer by layer")
    with st.container(horizontal=True, gap="small"):  # beside each other where they fit
        table = layer_table(summary)
        state.chart(charts.layer_selectivity, table, state.dark(), width=BESIDE, alt="How selective each layer is")
        preferences = preference_table(summary)
        state.chart(charts.layer_preferences, preferences, width=BESIDE, alt="Which emotion each layer prefers")
    rare = [
        f"{count(row.rare)} of {count(row.channels)} in {row.layer}" for row in table[table["rare"] > 0].itertuples()
    ]
    left_out = f"Left out are channels that fire on fewer than {TOP} images: {escape('; '.join(rare))}." if rare else ""
    images = f"{count(int(summary.counts.sum()))} images of {escape(state.split_name(run, split))}{badge(run, split)}"
    st.caption(
        f"Over the {images}. A channel's strength is the mean of its positive activation over the face. Its "
        "selectivity index compares the highest mean strength on an emotion, m, with the mean of the other six, r: "
        "(m − r) / (m + r), from 0 for a channel that answers all alike to 1 for one that answers a single emotion "
        f"(Morcos et al. 2018). Points are medians, bars quartiles. {left_out}"
    )


def draw_leaders(view: View) -> None:
    st.subheader(f"The channels of {view.layer.name} for each emotion")
    table = leaders(view.table)
    digits = {"selectivity": ".2f", "strength": ".3g"}
    table["words"] = [f"{view.label(row.channel)} ({row.value:{digits[row.by]}})" for row in table.itertuples()]
    shown = table.groupby(["emotion", "by"], sort=False)["words"].agg(", ".join).unstack()
    columns = {"selectivity": "Most selective channels (index)", "strength": "Strongest channels (mean strength)"}
    st.dataframe(shown.rename_axis("Emotion").rename(columns=columns))
    download_table("Download all channels of this layer", view.table, view.file("channels", "csv"))


# Without weights a stored summary can still be shown.
able = [run for run in state.require_runs() if run.has_weights or any(run.path.glob("features_*.npz"))]
run = state.choose_run(able or None)
headline = st.container()
split, summary = state.features(run) or (None, None)
view = choose_view(run, summary) if run.has_weights else say_no_weights(run)
if summary is not None:
    headline.markdown(f"#### {answer_of_summary(run, summary)}")
elif view is not None:
    headline.markdown(f"#### {answer_of_faces(view)}")
if view is not None:
    with st.container(horizontal=True, gap="small"):  # beside each other where they fit
        with st.container(width=BESIDE):
            channel = draw_grid(view)
        with st.container(width=BESIDE):
            draw_channel(view, channel, split)
if summary is not None:
    draw_layers(run, split, summary)
elif run.has_weights:
    say_no_summary(run)
if view is not None and view.table is not None:
    draw_leaders(view)
