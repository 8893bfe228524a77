"""The parts of the embedding page: what can be shown, the embedding, its picture, and the images chosen in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.charts import embedding as charts
from fercore.charts.style import count, percent, with_range
from fercore.data.dataset import Dataset
from fercore.evaluation.elsewhere import Elsewhere, elsewhere, home_of, is_home
from fercore.evaluation.intervals import wilson
from fercore.explain.alike import class_table, inside, picture_kept, point_table, some, strangers
from fercore.explain.projection import (
    DIMENSIONS,
    METHODS,
    NEIGHBOURS,
    PERPLEXITY,
    SEED,
    Embedding,
    embed,
    embedding_file,
)
from fercore.runs import SPLITS, Run
from widgets import gallery
from widgets.downloads import download_table
from widgets.job_status import offer, terminal_command
from widgets.one_of import one_of
from wording import clean_score
from wording.markdown import code, escape

STEP = 256  # images that the model sees between two looks of the progress bar
COLUMNS = {
    "id": "Image",
    "true": "True",
    "pred": "Predicted",
    "probability": "Probability",
    "own": "Neighbours alike",
    "split": "Split",
}
PLACES = {
    "tsne": (
        f"t-SNE (perplexity {PERPLEXITY}, started from PCA, seed {SEED}) of the {{components}} main directions of "
        "{dimensions} features. It keeps neighbours together and little else: **distances between clusters, their "
        "sizes and their shapes mean little.**"
    ),
    "pca": (
        "The two directions in which the {dimensions} features vary most; they hold {explained} of the variance. "
        "Distances are true as far as that goes: **what the other directions tell apart lies on one heap here.**"
    ),
}


def can_be_shown(run: Run) -> bool:
    """Whether there is an embedding of a run on any data, or one can be computed here."""
    return any(_stored(one) or _able(one) for one in (run, *elsewhere(run)[0]))


def splits_of(run: Run) -> list[str]:
    """Splits of which a run has an embedding, then those of which one can be computed; without any, those measured."""
    measured = [split for split, tta in run.evaluations() if tta == "none"]
    return list(dict.fromkeys([*_stored(run), *_able(run)])) or measured or ["test"]


def _stored(run: Run) -> list[str]:
    return [split for split in reversed(SPLITS) if embedding_file(run, split).is_file()]


def _able(run: Run) -> list[str]:
    dataset = _images(run) if _why_not(run) is None else None
    return [split for split in reversed(SPLITS) if dataset and len(dataset.indices(split))]


def _name(run: Run) -> str:
    """ "a" for a run itself, "a on faces" for its results there: of keys and jobs."""
    return f"{run.name} on {run.dataset_name}" if isinstance(run, Elsewhere) else run.name


def _images(run: Run) -> Dataset | None:
    """The pictures that results are about, if they are here."""
    dataset = state.dataset(run)
    return dataset if dataset and is_home(run, dataset) else None


def _why_not(run: Run) -> str | None:
    """Why no embedding of a run can be computed here; None where one can."""
    if run.members:
        return "An ensemble has no features of its own; choose one of its members."
    if not home_of(run).has_weights:
        return "Without the run's weights, which are not here, it cannot be computed."
    if _images(run) is None:
        return "It needs the pictures, which are not here. Where they are, find out with the command below."
    return None


def say_none(runs: list[Run]) -> None:
    """Say that no run can be shown, and what to run."""
    st.info("No run here has an embedding, and without weights and pictures none can be computed. Where both are:")
    name = next((run.name for run in state.with_weights(runs)), "NAME")
    st.code(state.command(f"scripts/embedding.py {name}"), language="bash", wrap_lines=True)


def computed(run: Run, split: str) -> Embedding:
    """The embedding of a split, computed once somebody asks for it; until then the page stops here."""
    unknown = f"Where the images of {escape(state.split_name(run, split))} lie is not known yet."
    flags = {"split": split, **state.data_flags(run)}
    if problem := _why_not(run):
        st.info(f"{unknown} {problem}")
        if home_of(run).has_weights and not run.members:
            st.code(terminal_command("embedding", run.name, flags), language="bash", wrap_lines=True)
        st.stop()
    asking = st.empty()
    with asking.container():
        st.info(f"{unknown} It takes a minute or more and, computed here, is forgotten when the dashboard stops.")
        effect = f"It writes one file into {code(run.path)}, and changes none that is there."
        offer("embedding", "Compute and keep it", subject=run.name, flags=flags, writes=_name(run), effect=effect)
        asked = state.show_others(f"embedding_{_name(run)}_{split}", "Compute it here", ":material/play_arrow:")
    if not asked:
        st.stop()
    asking.empty()
    return _compute(run, split)


def _compute(run: Run, split: str) -> Embedding:
    from fercore.explain.embedding import choose_images, features  # imports torch: seconds, once

    model, dataset = home_of(run), _images(run)
    chosen, size = choose_images(model, dataset, split)
    rows, bar, parts = chosen.rows, st.progress(0.0), []
    for start in range(0, len(rows), STEP):
        bar.progress(start / len(rows), f"The model has seen {count(start)} of {count(len(rows))} images ...")
        parts.append(state.computed(features, model, np.array(dataset.images[rows[start : start + STEP]])))
    bar.progress(1.0, "Finding places for them ...")
    seen, answers = (np.concatenate(part) for part in zip(*parts, strict=True))
    ids, labels = dataset.ids[rows], chosen.labels
    found = state.worked_out(embed, seen, ids, labels, answers, size, spinner="t-SNE moves points ...")
    bar.empty()
    return found


def without_copies(run: Run, split: str, found: Embedding) -> tuple[Embedding, str]:
    """The embedding of the images without a copy in training, and what to call them; stops the page where none is."""
    left = np.isin(found.ids[: found.size], state.predictions(run, split, score=state.Score.CLEAN).id)
    images = clean_score.images_of({"split_name": state.split_name(run, split), "copies": {"n": int((~left).sum())}})
    if left.sum() < 2:
        st.info(f"There is nothing to compare in {images}.")
        st.stop()
    return some(found, left), images


def choose_points(run: Run, split: str, found: Embedding) -> tuple[pd.DataFrame, str, str]:
    """Draw the choosers of the picture: its points (`alike.point_table`), what colours them, and the method."""
    settings = {"bind": "query-params"}
    background = len(found.ids) > found.size
    colours = [name for name in charts.COLOURS if background or name != "split"]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        colour = one_of(
            "Colour", colours, format_func=charts.COLOURS.get, default="true", key="colour", wrap=True, **settings
        )
        method = one_of("Places", list(METHODS), format_func=METHODS.get, default="tsne", key="places", **settings)
        training = background and st.toggle("with images of training", key="training", bind="query-params")
    names = [state.split_name(run, split), state.split_name(run, "train")]
    return (
        point_table(found, method, names, training or (background and colour == "split"), run.classes),
        colour,
        method,
    )


def draw_picture(run: Run, split: str, points: pd.DataFrame, colour: str, method: str) -> pd.DataFrame | None:
    """Draw the points; those in the box that was dragged, or None without one."""
    pictured = state.dataset_matches(run)
    rows = points
    if pictured:
        places = state.image_rows(points["id"], run)
        faces = state.dataset(run).images[np.maximum(places, 0)]
        shown = state.worked_out(charts.thumbnails, np.array(faces), spinner="Preparing pictures ...")
        rows = points.assign(image=[uri if place >= 0 else "" for uri, place in zip(shown, places, strict=True)])
    key = f"embedding_{_name(run)}_{split}_{method}"
    settings = {"on_select": "rerun", "selection_mode": charts.BOX, "key": key, "alt": "Images as the model sees them"}
    splits = tuple(dict.fromkeys(points["split"]))
    arguments = (colour, splits, pictured, state.dark(), run.classes)
    state.live_chart(charts.scatter_rows(rows), charts.scatter, *arguments, **settings)
    box = dragged(st.session_state.get(key))
    return None if box is None else inside(points, box)


def dragged(event: object) -> dict[str, list[float]] | None:
    """The box that the front end says was dragged, or None where it says no such thing."""
    selection = event.get("selection") if hasattr(event, "get") else None
    box = selection.get(charts.BOX) if hasattr(selection, "get") else None
    ranges = [box.get(axis) for axis in ("x", "y")] if hasattr(box, "get") else []
    fits = [
        isinstance(ends, list | tuple) and len(ends) == 2 and all(isinstance(end, int | float) for end in ends)
        for ends in ranges
    ]
    return dict(zip(("x", "y"), map(list, ranges), strict=True)) if fits and all(fits) else None


def describe(found: Embedding, method: str) -> None:
    """How the places came about, and how far they can be believed."""
    words = PLACES[method].format(
        components=min(DIMENSIONS, found.dimensions),
        dimensions=count(found.dimensions),
        explained=percent(float(found.explained.sum()), 0),
    )
    st.caption(
        f"{words} Of the {NEIGHBOURS} nearest neighbours in this picture {with_range(picture_kept(found, method))} are "
        "nearest in the features too."
    )


def draw_classes(run: Run, found: Embedding) -> None:
    """Which emotions lie together in the features."""
    table = class_table(found, run.classes)
    state.chart(charts.class_agreement, table, state.dark(), alt="Neighbours alike, for each emotion")
    st.caption(
        f"Of the {NEIGHBOURS} nearest neighbours of each image in the features, the share that shows its emotion, with "
        "a 95 % interval (bootstrap over images). The tick: neighbours drawn by chance."
    )
    download_table("Download the table", table, "neighbours.csv")


def draw_images(run: Run, points: pd.DataFrame, chosen: pd.DataFrame | None) -> None:
    """The images in the box; without one, those that lie among images of other emotions."""
    if chosen is None:
        st.subheader("Images whose neighbours have other labels")
        found = strangers(points)
        first = found.head(gallery.SHOWN)
        st.markdown(
            f"{count(len(found))} of the images have no neighbour with their label: unusual faces, or wrong labels. "
            f"Those on which the model is surest come first. Drag a box in the picture to see what is in it instead."
        )
    else:
        found = chosen
        st.subheader("Images in the box")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(box_words(found))
            seed = state.show_others("embedding_box")
        first = gallery.sampled(found, seed, "with the probability of the class that is predicted")
    if found.empty:
        return
    if gallery.has_pictures(run):
        gallery.draw_pictures(first, below=gallery.explain_link([run]), run=run)
        st.caption(gallery.LEGEND)
    else:
        shares = [percent(x, 0) for x in found["probability"]]
        st.dataframe(found.assign(probability=shares)[list(COLUMNS)].rename(columns=COLUMNS), hide_index=True)
    download_table("Download these", found, "images.csv")


def box_words(chosen: pd.DataFrame) -> str:
    """What the images in a box have in common."""
    if chosen.empty:
        return "There is no image in the box."
    right = wilson(int(chosen["right"].sum()), len(chosen))
    common = chosen["true"].value_counts()
    most = ", ".join(f"{count(n)} {emotion}" for emotion, n in common.head(3).items())
    return f"{count(len(chosen))} images, most of them {most}; accuracy of the model: {with_range(right)}."
