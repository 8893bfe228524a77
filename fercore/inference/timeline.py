"""Who shows what, when: a table of a video's faces as spans, shares of time, subtitles, and files for other programs.

All functions take the table that `scripts/predict.py --tracks` writes for one video, see
`fercore.inference.batch.columns`. An answer of which the model is not sure counts as `UNSURE`, whatever it names.
Looks that follow each other show nearly the same picture: shares tell how the time was spent, and no interval can be
computed as if they were independent observations. Where answers were averaged over time, the table says so in its
column "smoothing", and so do subtitles and JSON.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

UNSURE = "not sure"
MISSED = 0.5  # seconds without a look at a person that count as if there had been one: a video may have few frames
_CUE = "{} --> {}\n{}\n"
# Names of Py-Feat's columns (https://py-feat.org), feat/utils/__init__.py.
_PY_FEAT = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprise": "surprise",
    "neutral": "neutral",
}


def classes_of(table: pd.DataFrame) -> tuple[str, ...]:
    """Names of the classes, which stand between "rotation" and "label"."""
    names = list(table.columns)
    return tuple(names[names.index("rotation") + 1 : names.index("label")])


def smoothing_of(table: pd.DataFrame) -> float:
    """Time constant, in seconds, with which the answers were averaged; 0 where they are as the model gave them."""
    return float(table["smoothing"].max()) if "smoothing" in table and table["smoothing"].notna().any() else 0.0


def smoothing_words(constant: float) -> str:
    """What was done to the answers: "averaged over time, time constant 0.5 s"."""
    return f"averaged over time, time constant {constant:g} s"


def person(track: int) -> str:
    """What a track is called. Nobody is recognised: who comes back after a while is another person."""
    return f"Person {track}"


def answers(table: pd.DataFrame, step: float) -> pd.DataFrame:
    """How long each answer stands.

    Parameters
    ----------
    table
        Of one video; rows without a face are passed over.
    step
        Seconds from look to look that were asked for, 1 / fps.

    Returns
    -------
    pandas.DataFrame
        The rows by track and time, `track` as int, with the columns `answer` (a class or `UNSURE`), `probability` of
        the most probable class, and `end`: seconds at which the next look at this person is, or, where that is more
        than `MISSED` and than two steps away or there is none, one step after this one.
    """
    found = table[table["track"].notna()].astype({"track": int})
    found = found.sort_values(["track", "time"], kind="stable", ignore_index=True)
    following = found.groupby("track")["time"].shift(-1)
    near = following - found["time"] <= max(2 * step, MISSED) + 1e-3  # times of the table are rounded to a thousandth
    sure = found["sure"].astype(bool)
    return found.assign(
        answer=found["label"].where(sure, UNSURE),
        probability=found[list(classes_of(table))].max(axis=1).astype(float),
        end=following.where(near, found["time"] + step).round(3),
    )


def spans(table: pd.DataFrame, step: float) -> pd.DataFrame:
    """Looks at one person that follow each other with the same answer, as one.

    Parameters
    ----------
    table, step
        As `answers` takes them.

    Returns
    -------
    pandas.DataFrame
        Columns track, start and end in seconds, answer, probability (mean of the leading class over the looks) and
        looks, by track and start.
    """
    found = answers(table, step)
    before = found.shift()
    goes_on = (found["track"] == before["track"]) & (found["answer"] == before["answer"])
    number = (~(goes_on & (found["time"] <= before["end"]))).cumsum()
    merged = found.groupby(number).agg(
        track=("track", "first"),
        start=("time", "first"),
        end=("end", "last"),
        answer=("answer", "first"),
        probability=("probability", "mean"),
        looks=("time", "size"),
    )
    return merged.reset_index(drop=True)


def shares(table: pd.DataFrame, step: float) -> pd.DataFrame:
    """For how long each person was seen with each answer.

    Parameters
    ----------
    table, step
        As `answers` takes them.

    Returns
    -------
    pandas.DataFrame
        Columns track, answer, seconds, looks and share (of the seconds in which this person was seen, 0 to 1); of each
        person the longest first. Answers that were never given have no row.
    """
    found = answers(table, step)
    found["seconds"] = found["end"] - found["time"]
    total = found.groupby(["track", "answer"]).agg(seconds=("seconds", "sum"), looks=("seconds", "size")).reset_index()
    total["share"] = total["seconds"] / total.groupby("track")["seconds"].transform("sum")
    ordered = total.sort_values(["track", "seconds"], ascending=[True, False], kind="stable", ignore_index=True)
    return ordered.round({"seconds": 3})


def subtitles(table: pd.DataFrame, step: float) -> str:
    """WebVTT (https://www.w3.org/TR/webvtt1): a cue for each of the `spans`, "Person 1: happy 83 %"."""
    cues, constant = ["WEBVTT\n"], smoothing_of(table)
    if constant:
        cues.append(f"NOTE Probabilities are {smoothing_words(constant)}.\n")
    for span in spans(table, step).sort_values(["start", "track"], kind="stable").itertuples():
        said = UNSURE if span.answer == UNSURE else f"{_escaped(span.answer)} {100 * span.probability:.0f} %"
        cues.append(_CUE.format(_clock(span.start), _clock(span.end), f"{person(span.track)}: {said}"))
    return "\n".join(cues)


def to_json(table: pd.DataFrame, step: float) -> str:
    """Each person's looks, spans and shares of time as one JSON object."""
    found, merged, total = answers(table, step), spans(table, step), shares(table, step)
    columns = ["time", "end", "left", "top", "right", "bottom", *classes_of(table), "label", "sure"]
    persons = [
        {
            "track": int(track),
            "shares": _records(total[total["track"] == track].drop(columns="track")),
            "spans": _records(merged[merged["track"] == track].drop(columns="track")),
            "looks": _records(own[columns]),
        }
        for track, own in found.groupby("track")
    ]
    known = {"step": step, "smoothing": smoothing_of(table), "classes": list(classes_of(table))}
    return json.dumps(known | {"persons": persons}, indent=1)


def py_feat(table: pd.DataFrame) -> pd.DataFrame:
    """The faces under the column names of Py-Feat's tables, to go on there.

    `frame` counts the looks of the table from 0, and is no number of a frame of the file; the time is in `approx_time`,
    in seconds. Classes that Py-Feat does not know keep their name.
    """
    found = table[table["track"].notna()]
    frame = np.unique(found["time"].to_numpy(float), return_inverse=True)[1]
    places = {
        "frame": frame,
        "FaceRectX": found["left"],
        "FaceRectY": found["top"],
        "FaceRectWidth": (found["right"] - found["left"]).round(1),
        "FaceRectHeight": (found["bottom"] - found["top"]).round(1),
        "FaceScore": found["score"],
    }
    emotions = {_PY_FEAT.get(name, name): found[name] for name in classes_of(table)}
    names = {"Identity": [person(track) for track in found["track"].astype(int)]}
    return pd.DataFrame(places | emotions | names | {"input": found["file"], "approx_time": found["time"]}).reset_index(
        drop=True
    )


def _records(table: pd.DataFrame) -> list[dict]:
    return json.loads(table.to_json(orient="records", double_precision=6))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float) -> str:
    """Seconds as 00:01:02.345."""
    thousandths = round(1000 * seconds)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
