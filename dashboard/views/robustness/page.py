"""Robustness: what becomes of a model's answers when pictures are worse than those it learned from?"""

import streamlit as st

import state
from views.robustness import counted
from widgets.links import draw_comparison_link
from widgets.one_of import one_of
from widgets.page_title import page_title
from wording.contamination import contamination_badge
from wording.markdown import code, escape

page_title("Robustness", "What happens when pictures are worse than those it learned from?")
runs = state.require_runs()
able = [run for run in runs if counted.known(run)]
if not able:
    counted.offer_first(runs)
    counted.draw_examples(None)
    st.stop()
shown = state.choose_runs(2, able)
split, data = counted.choose(shown)
results = counted.results_of(shown, split, data)
if not results:
    st.info(f"None of these runs was measured on {escape(data)}, {escape(split)}.")
    st.stop()
headline = st.container()
with st.spinner("Reading ..."):
    from fercore.charts.robustness import FIGURES, heat_chart  # brings scipy: seconds, once
    from fercore.evaluation.robustness import strength_table
    from views.robustness import drawn

first = next(run for run in shown if run.name in results)
with headline:
    sentences = drawn.sentences(results[first.name], first.name)
    state.draw_answer(sentences[0], contamination_badge(first, split))
    st.markdown("\n".join(f"- {words}" for words in sentences[1:]))
    counted.warn_of_samples(results)
name = one_of(
    "Figure", list(FIGURES), default="accuracy", format_func=FIGURES.get, key="figure",
    bind="query-params",
)  # fmt: skip
tables = {run: state.worked_out(strength_table, found) for run, found in results.items()}
looks = state.run_looks([run for run in shown if run.name in results])
drawn.draw_strengths(tables, looks, name)
st.caption(drawn.HOW)
draw_comparison_link([run for run in shown if run.name in results])
drawn.draw_runs(results)
st.subheader("Kinds and strengths")
for run in results:
    with st.expander(f"{code(run)}: {FIGURES[name].lower()} of each", expanded=len(results) == 1 or run == first.name):
        state.chart(heat_chart, tables[run], name, state.dark(), alt=f"{FIGURES[name]} of {run} by kind and strength")
        drawn.draw_kinds(results[run], tables[run], run, split)
counted.draw_examples(first)
counted.offer_more([run for run in runs if not counted.known(run)])
