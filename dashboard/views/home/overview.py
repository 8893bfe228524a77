"""The tables of Home: all runs, those that cannot be ranked, the report beside ours, the data set here."""

from collections import Counter

import pandas as pd
import streamlit as st

import state
from fercore.charts.overview import interval_words, reference_report, report_table, runs_table
from fercore.charts.style import count, figure_words, percent, with_range
from fercore.data.dataset import SPLITS
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.evaluation.contamination import flags
from fercore.runs import Run
from widgets.downloads import download_table
from widgets.links import link
from widgets.pagination import choose_page
from widgets.run_table import MEANS, choose_columns, choose_rows, draw_rows
from wording import clean_score
from wording.contamination import CONTAMINATION_LEGEND, with_contamination
from wording.markdown import code, escape, message

Reports = state.Readings[dict[str, dict]]  # run name -> split -> its summary
AT_ONCE = 50  # runs of a table
FEW = 8  # of each data set, among which the best by people's answers is looked for
AGAINST_PUBLIC = (
    "The report's test set has PublicTest's class sizes, so its figures stand against our PublicTest column."
)
JUDGED_BY_LABELS = "The report was judged by labels and ours here by people, so its figures do not compare with these."


def ranked_by_people(runs: list[Run], reports: Reports) -> list[Run]:
    """The first few runs of each data set by how often they say what most people say on the validation split, then the
    others: to read all takes long."""
    seen, few = Counter(), []
    for run in runs:
        data = run.info["dataset"].get("fingerprint")
        seen[data] += 1
        if seen[data] <= FEW and not flags(run) and "val" in reports.get(run.name, {}):
            few.append(run)
    few.sort(key=lambda run: reports[run.name]["val"]["accuracy"]["value"], reverse=True)
    names = {run.name for run in few}
    return [*few, *(run for run in runs if run.name not in names)]


def draw_runs(runs: list[Run], parts: list[Run], reports: Reports, names: dict[str, str]) -> None:
    """The table of runs, of which only those on the page shown are read."""
    st.subheader("Runs")
    rows = choose_rows(runs, "runs", parts)
    table = rows.summed(runs_table(rows.runs, state.Readings(state.learned, rows.runs), reports))
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    interval = text("95 % interval", help="Wilson score interval of the accuracy, per cent")
    if rows.grouped:
        interval = text("Interval or range", help=f"Of one run its 95 % interval (Wilson). {MEANS}")
    columns = {
        "run": text("Run", pinned=True),
        **({"seeds": number("Seeds", help="Runs whose accuracy is in this row")} if rows.grouped else {}),
        "model": text("Model"),
        "parameters": number("Parameters", format="%,d"),
        "minutes": number("Training", format="%.1f min", help="Time spent in all epochs, with validation"),
    }
    shown = table.assign(minutes=table["seconds"] / 60)
    for split, name in names.items():
        shown[split], shown[f"{split}_interval"] = 100 * table[f"{split}_accuracy"], interval_words(table, split)
        columns[split] = number(name, format="%.1f %%", help="Accuracy without test-time augmentation")
        columns[f"{split}_interval"] = interval
    columns["status"] = text("Status")
    if any(tags := [", ".join(state.notes(group[0]).tags) for group in rows.groups]):
        shown["tags"], columns["tags"] = tags, text("Tags")
    columns["created"] = st.column_config.DatetimeColumn("Created", format="YYYY-MM-DD", help="UTC")
    draw_rows(shown, rows, choose_columns(columns, "runs"), "runs")
    download_table("Download the runs", table, "runs.csv")


def draw_flagged(runs: list[Run], reports: Reports, names: dict[str, str], flagged: dict[str, dict[str, str]]) -> None:
    """Figures on images that a model learned from, or may have: apart from those that can be ranked."""
    st.subheader("Not comparable")
    st.caption(CONTAMINATION_LEGEND)
    table = runs_table(runs[choose_page(len(runs), AT_ONCE, "flagged_page")], {}, reports)
    shown = table[["run", "model"]].rename(columns={"run": "Run", "model": "Model"})
    for split, name in names.items():
        rows = table[["run", *(f"{split}_{part}" for part in ("accuracy", "low", "high"))]].itertuples(index=False)
        shown[name] = [with_contamination(figure_words(*figures), flagged[run].get(split)) for run, *figures in rows]
    st.dataframe(shown, hide_index=True)
    download_table("Download these", shown, "not_comparable.csv")


def draw_of_other_data(runs: list[Run], score: state.Score) -> None:
    """Runs whose figures are about another data set than those above: in a table of their own, and in no ranking."""
    st.subheader("Measured on other data")
    st.caption(
        "These learned from another data set, with other images, labels or classes: their accuracies do not compare "
        "with those above. The score “as most people see it” judges all by the same answers, where they are known."
        + (" The figures here are as published." if score else "")
    )
    runs = runs[choose_page(len(runs), AT_ONCE, "other_data_page")]
    found, rows = state.readable(state.summaries, runs), []
    for run in runs:
        for split, metrics in found.get(run.name, {}).items():
            name = state.split_name(run, split)
            rows.append((run.name, len(run.classes), name, with_range(metrics["accuracy"]), metrics["n"]))
    table = pd.DataFrame(rows, columns=["Run", "Classes", "Split", "Accuracy, 95 % interval", "Images"])
    st.dataframe(table, column_config={"Images": st.column_config.NumberColumn(format="%,d")}, hide_index=True)
    download_table("Download these figures", table, "other_data.csv")


def draw_report(runs: list[Run], reports: Reports, score: state.Score) -> None:
    st.subheader("The report beside ours")
    official = [run for run in runs if state.split_name(run, "val") == OFFICIAL_SPLIT_NAMES["val"]]
    table = report_table(official, reports)
    columns = {
        "model": "Model",
        "report": "The report",
        "run": "Our run",
        "first_weights": "Its first weights",
        **{split: f"{OFFICIAL_SPLIT_NAMES[split]}{clean_score.ending(score)}" for split in ("val", "test")},
    }
    shown = table.assign(run=table["run"].fillna("none yet"), first_weights=table["first_weights"].fillna(""))
    for part in ("report", "val", "test"):
        shown[part] = [
            with_range({"value": value, "low": low, "high": high}) if pd.notna(value) else ""
            for value, low, high in table[[f"{part}_accuracy", f"{part}_low", f"{part}_high"]].itertuples(index=False)
        ]
    st.dataframe(shown[list(columns)], column_config=columns, hide_index=True)
    st.caption(
        f"{JUDGED_BY_LABELS if score == state.Score.PEOPLE else AGAINST_PUBLIC} The report gives no intervals; those "
        "shown are Wilson's for its number of images. The 3-fold figure is rounded there. "
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
        same = sum(run.info["dataset"].get("fingerprint") == dataset.info["fingerprint"] for run in runs)
        st.markdown(
            f"{count(len(dataset.labels))} images are ready in {code(state.data_root())}: {sizes}. "
            f"{same} of {len(runs)} runs learned from exactly these; their fingerprint is "
            f"{code(dataset.info['fingerprint'][:12])}."
        )
        others = [path.parent.name for path in sorted(state.data_root().parent.glob("*/dataset.json"))]
        if others := [name for name in others if name != state.data_root().name]:
            st.markdown(f"Beside it lie the data sets {', '.join(map(code, others))}.")
            link("other_data", "How do the models do on them?", ":material/public:")
    elif (state.data_root() / "dataset.json").is_file():
        st.error(message(problem), icon=":material/error:")
    else:
        state.missing_dataset("Training, and whatever shows single images,")
