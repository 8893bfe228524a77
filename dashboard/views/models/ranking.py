"""The tables and words of the models page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import pandas as pd
import streamlit as st

import state
from fercore.charts.models import cost_words
from fercore.charts.style import count, duration, figure_words
from fercore.evaluation.contamination import flags
from fercore.evaluation.facts import Facts, front, model_table
from fercore.runs import Run
from widgets.downloads import download_table
from widgets.job_status import offer
from widgets.pagination import choose_page
from widgets.run_table import choose_columns, choose_rows, draw_rows
from wording.contamination import CONTAMINATION_LEGEND, with_contamination
from wording.figures import accuracy_words
from wording.markdown import code, escape

HOW = (
    "A run is drawn once for each engine that answers for it: torch, and its ONNX file. Time is that of one 48x48 crop "
    "on one thread, preprocessing included, {where}. A model is on the front (dashed) where none is at least as "
    "accurate at no higher cost; differences within the intervals can change it."
)
OTHERS = " Grey circles are models of others, measured by us in {year} on the same images, on other runtimes."
ONLY_PUBLISHED = (
    " Models of others, and the accuracy of int8 files, are known as published only and are left out of the picture."
)
COLUMNS = {
    "Run": st.column_config.TextColumn(pinned=True),  # in sight where the table is wider than the window
    "Engine": st.column_config.TextColumn(help="What computes the answers, and in which numbers"),
    "One face": st.column_config.TextColumn(help="Time for one 48x48 crop on one thread, preprocessing included"),
    "Images/s": st.column_config.TextColumn(help="In batches of 64, on one thread"),
    "Weakest slice": st.column_config.TextColumn(
        help="On the test split, the least accurate slice that is so by more than noise: see the page Slices"
    ),
    "Corruption error": st.column_config.TextColumn(
        help="Errors on disturbed pictures against those of reference-report-cnn, below 100 % is better: see Robustness"
    ),
    "Other data": st.column_config.TextColumn(help="Accuracy on the largest data set that is not its own"),
    "File": st.column_config.TextColumn(help="Size of the weights' file, or of the ONNX file"),
    "Training": st.column_config.TextColumn(help="Number of epochs, and the mean time of one where it was trained"),
    "Licence": st.column_config.TextColumn(
        help="A run that was trained here brings none of its own; what may be done with it depends on the terms of the "
        "data it learned from"
    ),
}
WEAK = ("Weakest slice", "Corruption error", "Other data")  # which take longest: shown where they are asked for
AT_ONCE = 50  # runs of the table of those that cannot be ranked
MOST = 50  # runs in the picture that are there for their accuracy alone
MEASURE = "scripts/benchmark.py inference --store"


def facts_of(run: Run, score: state.Score = state.Score.PUBLISHED, *, epochs: bool = True) -> Facts:
    """What is stored of a run; its ONNX file and speed too. Figures are those of a score.

    Its epochs, which take longest to read, are left out where `epochs` is false.
    """
    number, seconds = (state.learned(run) if epochs else None) or (None, None)
    record, speeds = state.onnx_record(run), state.speeds(run)
    if score and record:  # of an ONNX file only the published figures are stored
        record = replace(record, accuracy={})
    return Facts(state.summaries(run, score), number, seconds, record, speeds)


def considered(runs: list[Run]) -> list[Run]:
    """Of ranked runs those that can be the choice, whose figures are read.

    These are the best in validation by what run.json says, those of which it says nothing, and those whose speed is
    known. The others are less accurate than the first, and nothing speaks for them.
    """
    return [run for place, run in enumerate(runs) if place < MOST or not state.ranks(run) or state.is_timed(run)]


def not_drawn(runs: list[Run], everyone: list[Run]) -> str:
    """How many runs are left to the table; empty where all are drawn."""
    more = len(everyone) - len(runs)
    return f" {count(more)} more runs, less accurate in validation and not timed, are in the table." if more else ""


def with_weak_points(table: pd.DataFrame, runs: list[Run]) -> pd.DataFrame:
    """The table with three columns that say where each run fails, as text; empty where it was not measured."""
    cells = {run.name: state.weak_words(run) for run in runs}
    found = pd.DataFrame([cells[name] for name in table["run"]], columns=list(WEAK), index=table.index)
    return table.join(found)


def left_out(runs: list[Run]) -> str:
    """Which runs are not here because their figures are about another data set, and where they compare."""
    return (
        f"Not here, because they were measured on another data set: {', '.join(code(run.name) for run in runs)}. The "
        "score “as most people see it” judges all by the same answers; *Other data* shows every run on every data set."
    )


def how(table: pd.DataFrame, peers: pd.DataFrame, score: state.Score) -> str:
    """How the picture was made, and what stands in it."""
    others = ONLY_PUBLISHED if score else OTHERS.format(year=peers["measured"].iloc[0])
    return HOW.format(where=where_measured(table)) + others


def answer(table: pd.DataFrame, names: dict[str, str], able: Collection[str]) -> str:
    """A few sentences: the most accurate model, chosen on validation, and the fastest one worth its accuracy.

    Chosen is among the runs that are `able` to answer here, where there are any; a better one is named as well.
    """
    ranked = table[table["seen_val"] == ""].dropna(subset=["val_accuracy"])
    if ranked.empty:
        return "No model here is known never to have seen the images that it is measured on, so none can be chosen."
    ranked = ranked.sort_values(["val_accuracy", "milliseconds"], ascending=[False, True], kind="stable")
    first, here = ranked.iloc[0]["run"], ranked["run"].isin(able)
    if here.all() or not here.any():
        return choice(ranked, names)
    better = "" if here.iloc[0] else f" {code(first)} is more accurate, but its weights are not here."
    return choice(ranked[here], names) + better


def choice(ranked: pd.DataFrame, names: dict[str, str]) -> str:
    """The most accurate of some models, which is the first, and the fastest one."""
    best = ranked.iloc[0]
    test = escape(names["test"])
    figure = figure_of(best, "test", test)
    said = f"Chosen by its accuracy on {escape(names['val'])}, {code(best['run'])} is the most accurate: {figure}"
    timed = ranked[front(ranked, "milliseconds", "val")]
    if timed.empty:
        return f"{said}."
    fastest = timed.loc[timed["milliseconds"].idxmin()]
    if fastest["run"] == best["run"]:
        return f"{said}; no model measured here is faster."
    return (
        f"{said}{time_words(best)}. The fastest is {code(fastest['run'])}: {figure_of(fastest, 'test', test)}"
        f"{time_words(fastest)}."
    )


def time_words(row: pd.Series) -> str:
    """ ", in 0.43 ms as onnx int8"; nothing where no time was measured."""
    time = cost_words(row["milliseconds"], "milliseconds")
    return f", in {time} as {escape(row['engine'])}" if time else ""


def figure_of(row: pd.Series, split: str, name: str) -> str:
    """ "accuracy **71.3 %** on PrivateTest (95 % interval 69.8 to 72.8)", where a split is called `name`."""
    if pd.isna(row[f"{split}_accuracy"]):
        return f"not measured on {name}"
    figure = {key: row[f"{split}_{part}"] for key, part in (("value", "accuracy"), ("low", "low"), ("high", "high"))}
    return accuracy_words(figure, name, bold=True)


def draw_table(runs: list[Run], parts: list[Run], facts: Mapping[str, Facts], names: dict[str, str]) -> None:
    """All that can be ranked, then what cannot, and the CSV of both; only what is shown is read."""
    flagged = {run.name for run in runs if flags(run)}
    clear, apart = ([run for run in runs if (run.name in flagged) == seen] for seen in (False, True))
    weak, shown = False, []
    if clear:
        rows = choose_rows(clear, "models", [run for run in parts if not flags(run)])
        columns = choose_columns(offered(names, grouped=rows.grouped), "models", hidden=WEAK)
        weak = not columns.keys().isdisjoint(WEAK)
        shown.append(rows.summed(table_of(rows.runs, facts, weak=weak), ["engine"]))
        draw_rows(as_read(shown[-1], names), rows, columns, "models")
    if apart:
        st.markdown("**Not comparable**")
        st.caption(CONTAMINATION_LEGEND)
        on_page = apart[choose_page(len(apart), AT_ONCE, "seen_page", in_url=True)]
        shown.append(table_of(on_page, facts, weak=weak))
        st.dataframe(as_read(shown[-1], names), column_config=COLUMNS, hide_index=True)
    download_table("Download the models", pd.concat(shown), "models.csv")


def offered(names: dict[str, str], *, grouped: bool) -> dict[str, dict]:
    """The columns that can be chosen, in their order, with how each is drawn."""
    figures = ("One face", "Images/s", *WEAK, "Parameters", "File", "Training", "Licence")
    order = ("Run", "Engine", *(["Seeds"] if grouped else []), *names.values(), *figures)
    return {name: COLUMNS.get(name, {}) for name in order}


def table_of(runs: list[Run], facts: Mapping[str, Facts], *, weak: bool) -> pd.DataFrame:
    """The table of some runs, without those that cannot be read; with their weak points where these are wanted."""
    found = [run for run in runs if run.name in facts]
    table = model_table(found, facts)
    return with_weak_points(table, found) if weak else table


def as_read(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """The table as people read it."""
    shown = pd.DataFrame({"Run": table["run"], "Engine": table["engine"]})
    if "seeds" in table:
        shown["Seeds"] = table["seeds"]
    for split, name in names.items():
        figures = table[[f"{split}_{part}" for part in ("accuracy", "low", "high")]].itertuples(index=False)
        flagged = zip(figures, table[f"seen_{split}"], strict=True)
        shown[name] = [with_contamination(figure_words(*figure), found) for figure, found in flagged]
    if table["milliseconds"].notna().any():
        shown["One face"] = [cost_words(value, "milliseconds") or "not measured" for value in table["milliseconds"]]
        shown["Images/s"] = ["" if pd.isna(value) else count(round(value)) for value in table["images_per_second"]]
    for name in WEAK:
        if name in table:
            shown[name] = table[name]
    shown["Parameters"] = [cost_words(value, "parameters") for value in table["parameters"]]
    shown["File"] = [cost_words(value, "bytes") or "not here" for value in table["bytes"]]
    shown["Training"] = [training_words(row) for row in table.itertuples()]
    return shown.assign(Licence=table["licence"].str.removeprefix("trained here: "))


def training_words(row) -> str:
    """Epochs and the mean time of one, "20 × 2 min 49 s"; empty for a run without epochs of its own."""
    return "" if pd.isna(row.epochs) else f"{row.epochs} × {duration(row.seconds / row.epochs)}"


def draw_peers(peers: pd.DataFrame) -> None:
    """Models of others on the same images, with what their figures do not say."""
    st.subheader("Models of others")
    shown = pd.DataFrame({"Model": peers["name"]})
    for split, name in (("val", "PublicTest"), ("test", "PrivateTest")):
        figures = peers[[f"{split}_{part}" for part in ("accuracy", "low", "high")]].itertuples(index=False)
        shown[name] = [figure_words(*figure) for figure in figures]
    times = zip(peers["milliseconds"], peers["timed"], strict=True)
    shown["One face"] = [f"{cost_words(value, 'milliseconds')} ({how})" if value > 0 else "" for value, how in times]
    shown["Parameters"] = [cost_words(value, "parameters") for value in peers["parameters"]]
    shown = shown.assign(Licence=peers["licence"].fillna("not looked up"), What=peers["what"], Source=peers["source"])
    columns = {
        "Model": st.column_config.TextColumn(pinned=True),
        "Source": st.column_config.LinkColumn(display_text=r"https://(.*)"),
    }
    st.dataframe(shown, column_config=columns, hide_index=True)
    notes = [f"{peer.name}: {peer.note}" for peer in peers.dropna(subset=["note"])[["name", "note"]].itertuples(False)]
    st.caption(
        f"Measured by us in {peers['measured'].iloc[0]}, one run of each, on the runtime that its author ships. Ranges "
        f"are Wilson's 95 % intervals. {escape(' '.join(notes))}"
    )
    download_table("Download the models of others", peers, "peers.csv")


def where_measured(table: pd.DataFrame) -> str:
    """The machines and days on which times were taken."""
    known = table.dropna(subset=["machine"])[["machine", "measured"]].drop_duplicates()
    places = dict.fromkeys(f"{escape(machine)} on {escape(day[:10])}" for machine, day in known.itertuples(index=False))
    return f"measured on {'; '.join(places)}" if places else "not measured yet"


def say_not_timed() -> None:
    """What to run for times."""
    st.info("No time has been measured yet. Measure the reference runs on this machine:")
    offer(
        "benchmark",
        "Measure their speeds",
        subject="inference",
        flags={"store": True},
        writes="speeds",
        effect="It keeps them in the run folders.",
        command=state.command(MEASURE),
    )
