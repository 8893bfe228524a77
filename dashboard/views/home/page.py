"""Home: which model is best, how sure is that, and what is there to look at?"""

from functools import partial
from itertools import islice

import streamlit as st

import state
from fercore.charts.overview import accuracy_chart, reference_report, runs_table
from fercore.evaluation.contamination import flags
from fercore.runs import Run
from views.home.overview import (
    Reports,
    draw_dataset,
    draw_flagged,
    draw_of_other_data,
    draw_report,
    draw_runs,
    ranked_by_people,
)
from widgets.judged import draw_judged
from widgets.links import draw_comparison_link, link
from widgets.page_title import page_title
from wording import clean_score
from wording.figures import accuracy_words
from wording.markdown import code, escape, message

DRAWN = 8  # runs in the chart, so that it fits beside the sentence it shows
UNKNOWN_COPIES = "Which test images have a copy is not known for its data."
UNKNOWN_VOTES = "People voted on none of its test images."
NOBODY = "No run here is known never to have seen the images that it is measured on."


def answer(best: Run, reports: Reports, score: state.Score) -> str:
    """One sentence: how the run that did best in validation does on the test split."""
    name, stored, people = code(best.name), reports.get(best.name, {}), score == state.Score.PEOPLE
    if "test" in stored:
        accuracy = accuracy_words(stored["test"]["accuracy"], clean_score.images_of(stored["test"]), bold=True)
        chosen_on = escape(state.split_name(best, "val")) + clean_score.ending(score) * people
        return f"{name}, chosen by its accuracy on {chosen_on}, has {accuracy}."
    if ("test", "none") in best.evaluations():
        return f"{name} is the best run by validation so far. {UNKNOWN_VOTES if people else UNKNOWN_COPIES}"
    evaluate = code(state.command(f"scripts/evaluate.py {best.name}"))
    return f"{name} is the best run by validation so far. Measure it on the test split with {evaluate}"


page_title("FER workbench", "Which expression, and how sure?")
everything = state.ranked(state.runs())
listed = [run for run in everything if run.part_of is None]
score = state.choose_score(listed, people=True)
# People were asked about the images, whatever label a data set gives them.
runs, elsewhere = (listed, []) if score == state.Score.PEOPLE else state.of_one_data_set(listed)
parts = [run for run in state.of_one_data_set(everything)[0] if run.part_of and not flags(run)]
reports = state.Readings(partial(state.summaries, score=score), [*runs, *parts])
left_out = st.container()
flagged = {run.name: found for run in runs if (found := flags(run)) and found.keys() & set(state.scored(run, score))}
comparable = [run for run in runs if run.name not in flagged]
if score == state.Score.PEOPLE:
    comparable = ranked_by_people(comparable, reports)
if runs:
    names = clean_score.split_names(runs, score)
    best = next((run for run in comparable if not flags(run)), None)
    state.draw_answer(answer(best, reports, score) if best else NOBODY)
    if best and not score and "test" in reports.get(best.name, {}) and (hint := clean_score.hint(best, "test")):
        st.caption(hint)
    drawn = list(islice((run for run in comparable if reports.get(run.name)), DRAWN))
    if drawn:
        looks = state.run_looks()
        # The report was judged by labels, which does not compare with what people say.
        report_accuracy = None if score == state.Score.PEOPLE else reference_report()["final_cnn"]["test_accuracy"]
        table, styles = runs_table(drawn, {}, reports), {run.name: looks[run.name] for run in drawn}
        state.chart(accuracy_chart, table, names, styles, report_accuracy, alt="Accuracy of each run with its interval")
        draw_comparison_link(drawn)
if runs and best and ("test", "none") in best.evaluations():
    with state.errors_shown():
        draw_judged(best, "test")
st.markdown(
    "The FER workbench trains models of facial-expression recognition on FER2013 (35,887 gray faces of 48 × 48 pixels "
    "in seven classes), measures them without fooling itself, and shows where and why they are wrong. Models learn "
    "from Training, every choice is made on PublicTest, and PrivateTest is what is reported. Each figure names its "
    "split and carries its 95 % interval: about ± 1.5 points on 3,589 images."
)
if problems := state.problems():
    with st.expander(f"Folders that cannot be read as runs: {len(problems)}", icon=":material/folder_off:"):
        st.markdown("\n".join(f"- {code(folder)}: {message(problem)}" for folder, problem in problems.items()))
if comparable:
    draw_runs(comparable, parts, reports, names)
if flagged:
    draw_flagged([run for run in runs if run.name in flagged], reports, names, flagged)
if elsewhere:
    draw_of_other_data(elsewhere, score)
if not runs:
    state.say_no_runs()
if more := len(everything) - len(listed):
    link("experiments", f"{more} more in studies and cross-validations", ":material/science:")
draw_report(comparable, reports, score)
if said := clean_score.note(reports.found.values()):
    st.caption(f"{said} The report's own figures are as published.")
with left_out:
    state.say_left_out(reports.problems)
draw_dataset(listed)
st.subheader("What an expression is not")
st.markdown(
    "A model names the expression that people would see in a picture. That is not what the person feels: a smile can "
    "be polite and a blank face content. Inferring emotions of people at work or in education is prohibited in the "
    "European Union, except for medical or safety reasons ([AI Act, Art. 5(1)(f)]"
    "(https://eur-lex.europa.eu/eli/reg/2024/1689/oj)); other emotion recognition counts as high-risk there "
    "(Annex III, 1(c))."
)
