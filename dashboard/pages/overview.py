"""Home: which model is best, how sure is that, and what is there to look at?"""

import pandas as pd
import streamlit as st

import seen
import state
from downloads import download_table
from fercore.charts.overview import accuracy_chart, interval_words, reference_report, report_table, runs_table
from fercore.charts.style import count, figure_words, percent, run_styles, with_range
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, SPLITS
from fercore.evaluation.contamination import flags
from fercore.runs import Run
from words import code, escape, message

DRAWN = 8  # runs in the chart, so that it fits beside the sentence it shows
NOBODY = "No run here is known never to have seen the images that it is measured on."
Reports = dict[str, dict[str, dict]]  # run name -> split -> stored metrics


def answer(best: Run, reports: Reports) -> str:
    """One sentence: how the run that did best in validation does on the test split."""
    name, stored = code(best.name), reports.get(best.name, {})
    if "test" in stored:
        figure = with_range(stored["test"]["accuracy"]).replace(" ", "\u00a0")  # not to be torn over two lines
        right = f"right on **{figure}** of {escape(stored['test']['split_name'])}"
        return f"{name}, chosen by its accuracy on {escape(state.split_name(best, 'val'))}, is {right}."
    evaluate = code(state.command(f"scripts/evaluate.py {best.name}"))
    return f"{name} is the best run by validation so far. Measure it on the test split with {evaluate}"


def split_names(runs: list[Run]) -> dict[str, str]:
    """What to call the splits that are scored; official and home-made ones may stand in one table."""
    names = {split: {state.split_name(run, split) for run in runs} for split in ("test", "val")}
    return {split: found.pop() if len(found) == 1 else f"{split} split" for split, found in names.items()}


def draw_runs(table: pd.DataFrame, names: dict[str, str]) -> None:
    st.subheader("Runs")
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    columns = {
        "run": text("Run", pinned=True),
        "model": text("Model"),
        "parameters": number("Parameters", format="%,d"),
        "minutes": number("Training", format="%.1f min", help="Time spent in all epochs, with validation"),
    }
    shown = table.assign(minutes=table["seconds"] / 60)
    for split, name in names.items():
        shown[split], shown[f"{split}_interval"] = 100 * table[f"{split}_accuracy"], interval_words(table, split)
        columns[split] = number(escape(name), format="%.1f %%", help="Accuracy without test-time augmentation")
        columns[f"{split}_interval"] = text("95 % interval", help="Wilson score interval of the accuracy, per cent")
    columns["status"] = text("Status")
    columns["created"] = st.column_config.DatetimeColumn("Created (UTC)", format="YYYY-MM-DD HH:mm")
    st.dataframe(shown[list(columns)], column_config=columns, hide_index=True, placeholder="–")
    download_table("Download the runs", table, "runs.csv")


def draw_flagged(table: pd.DataFrame, names: dict[str, str], flagged: dict[str, dict[str, str]]) -> None:
    """Figures on images that a model learned from, or may have: apart from those that can be ranked."""
    st.subheader("Not comparable")
    st.caption(seen.LEGEND)
    shown = table[["run", "model"]].rename(columns={"run": "Run", "model": "Model"})
    for split, name in names.items():
        rows = table[["run", *(f"{split}_{part}" for part in ("accuracy", "low", "high"))]].itertuples(index=False)
        shown[name] = [seen.warned(figure_words(*figures), flagged[run].get(split)) for run, *figures in rows]
    st.dataframe(shown, hide_index=True)
    download_table("Download these", shown, "not_comparable.csv")


def draw_report(runs: list[Run], reports: Reports) -> None:
    st.subheader("The report beside ours")
    official = [run for run in runs if state.split_name(run, "val") == OFFICIAL_SPLIT_NAMES["val"]]
    table = report_table(official, reports)
    columns = {
        "model": "Model",
        "report": "The report",
        "run": "Our run",
        "first_weights": "Its first weights",
        "val": "Ours, PublicTest",
        "test": "Ours, PrivateTest",
    }
    shown = table.assign(run=table["run"].fillna("none yet"), first_weights=table["first_weights"].fillna(""))
    for part in ("report", "val", "test"):
        shown[part] = [
            with_range({"value": value, "low": low, "high": high}) if pd.notna(value) else ""
            for value, low, high in table[[f"{part}_accuracy", f"{part}_low", f"{part}_high"]].itertuples(index=False)
        ]
    st.dataframe(shown[list(columns)], column_config=columns, hide_index=True)
    st.caption(
        "The report's test set has PublicTest's class sizes, so its figures stand against our PublicTest column. "
        "It gives no intervals; those shown are Wilson's for its number of images. The 3-fold figure is rounded there. "
        f"**The ViT's {percent(reference_report()['vit_dima806']['accuracy'])} is its author's and contaminated:** all "
        "35,887 images were oversampled before the split, so copies of one image stand on both sides of it."
    )
    download_table("Download the comparison", table, "report.csv")


def draw_dataset(runs: list[Run]) -> None:
    st.subheader("The data set here")
    dataset, problem = state.dataset(), state.dataset_problem()
    if dataset is not None:
        sizes = ", ".join(
            f"{count(len(dataset.indices(split)))} in {escape(dataset.split_name(split))}" for split in SPLITS
        )
        same = sum(state.dataset_matches(run) for run in runs)
        st.markdown(
            f"{count(len(dataset.labels))} images are ready in {code(state.data_root())}: {sizes}. "
            f"{same} of {len(runs)} runs learned from exactly these; their fingerprint is "
            f"{code(dataset.info['fingerprint'][:12])}."
        )
    elif (state.data_root() / "dataset.json").is_file():
        st.error(message(problem), icon=":material/error:")
    else:
        state.missing_dataset("Training, and whatever shows single images,")


everything = state.ranked(state.runs())
runs = [run for run in everything if run.part_of is None]

st.title("Which expression, and how sure?")
reports = state.readable(state.reports, runs)
flagged = {run.name: flags(run) for run in runs if flags(run).keys() & reports.get(run.name, {}).keys()}
clean = [run for run in runs if run.name not in flagged]
if runs:
    everyone, names = runs_table(runs, state.readable(state.history, runs), reports), split_names(runs)
    apart = everyone["run"].isin(flagged)
    table = everyone[~apart]
    best = next((run for run in clean if not flags(run)), None)
    st.markdown(f"#### {answer(best, reports) if best else NOBODY}")
    drawn = table.dropna(subset=["val_accuracy", "test_accuracy"], how="all").head(DRAWN)
    if len(drawn):
        styles, report_accuracy = run_styles(everyone["run"]), reference_report()["final_cnn"]["test_accuracy"]
        state.chart(accuracy_chart, drawn, names, styles, report_accuracy, alt="Accuracy of each run with its interval")
st.markdown(
    "The FER workbench trains models of facial-expression recognition on FER2013, measures them without fooling "
    "itself, and shows where and why they are wrong. Models learn from Training, every choice is made on PublicTest, "
    "and PrivateTest is what is reported. Each figure names its split and carries its 95 % interval: about ± 1.5 "
    "points on 3,589 images."
)
if problems := state.problems():
    with st.expander(f"Folders that cannot be read as runs: {len(problems)}", icon=":material/folder_off:"):
        st.markdown("\n".join(f"- {code(folder)}: {message(problem)}" for folder, problem in problems.items()))
if clean:
    draw_runs(table, names)
if flagged:
    draw_flagged(everyone[apart], names, flagged)
if not runs:
    state.say_no_runs()
if parts := len(everything) - len(runs):
    st.page_link(
        "pages/experiments.py",
        label=f"Points of studies and folds of cross-validations, compared with their like: {parts}",
        icon=":material/science:",
    )
draw_report(clean, reports)
draw_dataset(runs)
st.subheader("What an expression is not")
st.markdown(
    "A model names the expression that people would see in a picture. That is not what the person feels: a smile can "
    "be polite and a blank face content. Inferring emotions of people at work or in education is prohibited in the "
    "European Union, except for medical or safety reasons ([AI Act, Art. 5(1)(f)]"
    "(https://eur-lex.europa.eu/eli/reg/2024/1689/oj))."
)
