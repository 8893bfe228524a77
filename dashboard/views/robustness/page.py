"""Robustness: what becomes of a model's answers when pictures are worse than those it learned from?"""

import streamlit as st

import state
from views.robustness import counted, examples
from widgets.links import draw_comparison_link
from widgets.page_title import page_title
from wording.contamination import contamination_badge
from wording.markdown import code, escape

page_title("Robustness", "What happens when pictures are worse than those it learned from?")
runs = state.require_runs()
able = [run for run in runs if counted.known(run)]
if not able:
    counted.offer_first(runs)
    st.subheader("What each disturbance looks like")
    examples.draw_examples(None, examples.choose_kind())
    st.stop()
shown = state.choose_runs(2, able)
split, data = counted.choose(shown)
results = counted.results_of(shown, split, data)
if not results:
    st.info(f"None of these runs was measured on {escape(data)}, {escape(split)}.")
    st.stop()
headline = st.container()
with st.spinner("Reading ..."):
    from fercore.charts.robustness import FIGURES  # brings scipy: seconds, once
    from views.robustness import drawn

measured = [run for run in shown if run.name in results]
first, looks = measured[0], state.run_looks(measured)
with headline:
    figures = drawn.figures_of(results)
    sentences = figures[first.name].sentences
    state.draw_answer(sentences[0], contamination_badge(counted.measured_on(first, data), split))
    st.markdown("\n".join(f"- {words}" for words in sentences[1:]))
    counted.warn_of_samples(results)
drawn.draw_worst(results, figures, looks)
drawn.draw_runs(figures)
draw_comparison_link(measured)
st.subheader("By strength")
with st.container(horizontal=True, gap="medium"):
    kind = examples.choose_kind()
    name = st.selectbox("Figure", list(FIGURES), format_func=FIGURES.get, key="figure", bind="query-params", width=240)
with st.container(horizontal=True, gap="medium"):
    drawn.draw_strengths(figures, looks, name, kind)
    with st.container(width=examples.ROW):
        examples.draw_examples(first, kind)
st.caption(drawn.HOW)
for run in results:
    with st.expander(f"{code(run)}: {FIGURES[name].lower()} of each kind and strength", expanded=run == first.name):
        drawn.draw_kinds(figures[run], run, split, name)
counted.offer_more([run for run in runs if not counted.known(run)])
