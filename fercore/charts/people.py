"""Model, label and single person on one scale: how often each says what most people say."""

from __future__ import annotations

import altair as alt
import pandas as pd

from fercore.charts.style import RIGHT, WRONG, count, ink, ink_on, percent, percent_axis, sequential, with_range

PERSON, MODEL, LABEL = JUDGED = ("a single person", "the model", "the label")
KEYS = dict(zip(JUDGED, ("person", "model", "label"), strict=True))
_COLORS = {PERSON: "#8C8C8C", MODEL: RIGHT, LABEL: WRONG}
_SHAPES = {PERSON: "circle", MODEL: "diamond", LABEL: "square"}
_TITLE = "Agrees with most people"


def judged_words(people: dict, split_name: str, who: str = "The model") -> str:
    """A sentence or two: how often model, label and single person say what most people say, on so many images.

    `people` is a report of `fercore.evaluation.people.people_report`; `who` is what the model is called.
    """
    images = people["images"]
    told = is_told(people)
    label = "" if told else f", the label on {with_range(people['label'])}"
    return (
        f"Most of ten people agree on {count(images['verdict'])} of {count(images['all'])} images of {split_name}. "
        f"{who} says the same on {with_range(people['model'])}{label}, a single person on "
        f"{with_range(people['person'])}.{' The labels of these images are what most people say.' if told else ''}"
    )


def is_told(people: dict) -> bool:
    """Whether the labels were made of what most people say, so that nothing follows from their agreement."""
    return people["label"]["value"] == 1


def sides_words(people: dict) -> str:
    """Whom people side with where model and label differ; empty where they never do, and where labels are theirs."""
    found = people["disagreements"]
    if not found["n"] or is_told(people):
        return ""
    return (
        f"On the {count(found['n'])} images where model and label differ, most people side with the model on "
        f"{with_range(found['model'])}, with the label on {with_range(found['label'])}, with neither on "
        f"{with_range(found['neither'])}."
    )


def judged_table(people: dict) -> pd.DataFrame:
    """Who, and how often it says what most people say: who, value, low, high (fractions), n; a row each for a single
    person, the model and the label, which is left out where `is_told`.

    `people` is a report of `fercore.evaluation.people.people_report`.
    """
    return pd.DataFrame(
        [{"who": who, **people[key]} for who, key in KEYS.items() if who != LABEL or not is_told(people)]
    )


def agreement_table(people: dict) -> pd.DataFrame:
    """The same by how many people agree on an image: votes, who, value, low, high, n; only what was counted."""
    rows = [
        {"votes": level["votes"], "who": who, **level[key]}
        for level in people["by_agreement"]
        for who, key in KEYS.items()
    ]
    table = pd.DataFrame(rows)
    return table[table["n"] > 0].reset_index(drop=True)


def judged_chart(people: dict, dark: bool = False) -> alt.LayerChart:
    """A point with its 95 % interval each for a single person, the model and the label."""
    table = judged_table(people)
    data = table.assign(words=[with_range(row) for row in table.to_dict("records")], images=table["n"].map(count))
    low = max(0.0, float(data["low"].min()) - 0.05)
    base = alt.Chart(data).encode(
        y=alt.Y("who:N", sort=list(JUDGED), title=None, axis=alt.Axis(labelLimit=160)),
        color=alt.Color("who:N", scale=_scale(_COLORS), legend=None),
        tooltip=[
            alt.Tooltip("who:N", title="Who"),
            alt.Tooltip("words:N", title=f"{_TITLE}, 95 %"),
            alt.Tooltip("images:N", title="Images"),
        ],
    )
    scale = alt.Scale(domain=[low, min(1.0, float(data["high"].max()) + 0.05)], nice=False)
    axis = percent_axis(_TITLE, tickCount=6)
    rules = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q")
    shape = alt.Shape("who:N", scale=_scale(_SHAPES), legend=None)
    marks = base.mark_point(filled=True, size=120, opacity=1).encode(x=alt.X("value:Q", scale=scale), shape=shape)
    texts = base.mark_text(dy=-14, color=ink(dark)).encode(
        x=alt.X("value:Q", scale=scale), text="words:N", color=alt.value(ink(dark))
    )
    return alt.layer(rules, marks, texts).properties(height=alt.Step(46))


def agreement_chart(people: dict) -> alt.LayerChart:
    """How often each agrees with most people, by how many of ten give the first answer; 10 is clear, 4 divided."""
    table = agreement_table(people)
    data = table.assign(words=[with_range(row) for row in table.to_dict("records")], images=table["n"].map(count))
    scale = alt.Scale(domain=[0, 1])
    base = alt.Chart(data).encode(
        x=alt.X("votes:O", sort="descending", axis=alt.Axis(title="People who agree, of ten", labelAngle=0)),
        color=alt.Color("who:N", scale=_scale(_COLORS), legend=alt.Legend(title=None, orient="top")),
        tooltip=[
            alt.Tooltip("who:N", title="Who"),
            alt.Tooltip("votes:O", title="People who agree"),
            alt.Tooltip("words:N", title=f"{_TITLE}, 95 %"),
            alt.Tooltip("images:N", title="Images"),
        ],
    )
    axis = percent_axis(_TITLE, tickCount=6)
    rules = base.mark_rule(opacity=0.5, strokeWidth=2).encode(y=alt.Y("low:Q", axis=axis, scale=scale), y2="high:Q")
    line = base.mark_line().encode(y=alt.Y("value:Q", scale=scale))
    shape = alt.Shape("who:N", scale=_scale(_SHAPES), legend=alt.Legend(title=None, orient="top"))
    marks = base.mark_point(filled=True, size=80, opacity=1).encode(y=alt.Y("value:Q", scale=scale), shape=shape)
    return alt.layer(rules, line, marks).properties(height=300)


def _scale(looks: dict[str, str]) -> alt.Scale:
    return alt.Scale(domain=list(looks), range=list(looks.values()))


def answers_table(people: dict) -> pd.DataFrame:
    """What most people say against what the model says: said, pred, count, share of the row; rows with images."""
    rows = []
    for said, counts in zip(people["answers"], people["confusion"], strict=True):
        total = sum(counts)
        for pred, number in zip(people["classes"], counts, strict=True):
            if total:
                rows.append({"said": said.replace("_", " "), "pred": pred, "count": number, "share": number / total})
    return pd.DataFrame(rows, columns=["said", "pred", "count", "share"])


def answers_matrix(people: dict, dark: bool = False) -> alt.LayerChart:
    """The answer with most votes, by row, against the model's, by column: counts, shaded by the share of the row."""
    table = answers_table(people)
    scale = sequential(1.0, dark)
    data = table.assign(
        ink=ink_on(table["share"].to_numpy(), scale), words=[percent(share) for share in table["share"]]
    )
    said, pred = list(dict.fromkeys(table["said"])), list(people["classes"])
    base = alt.Chart(data).encode(
        x=alt.X("pred:N", sort=pred, axis=alt.Axis(title="The model says", labelAngle=-40)),
        y=alt.Y("said:N", sort=said, axis=alt.Axis(title="Most people say")),
        tooltip=[
            alt.Tooltip("said:N", title="Most people say"),
            alt.Tooltip("pred:N", title="The model says"),
            alt.Tooltip("count:Q", title="Images", format=","),
            alt.Tooltip("words:N", title="Share of the row"),
        ],
    )
    cells = base.mark_rect().encode(color=alt.Color("share:Q", scale=scale, legend=None))
    # Streamlit's front end fails on a null scale, with which the ink could be used as it is.
    black = alt.condition("datum.ink == '#000000'", alt.value("#000000"), alt.value("#FFFFFF"))
    texts = base.mark_text(fontSize=11).encode(text=alt.Text("count:Q", format=","), color=black)
    return alt.layer(cells, texts).properties(height=alt.Step(30), width=alt.Step(52))
