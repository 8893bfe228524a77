"""The embedding page: its answer, what it computes when asked, and the images that it shows."""

import dataclasses
import shutil
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from fercore.charts.style import percent, with_range
from fercore.emotions import KNOWN
from fercore.evaluation.elsewhere import asked, open_elsewhere
from fercore.explain.alike import agreement, picture_kept, point_table, some, strangers
from fercore.explain.embedding import embed_run
from fercore.explain.projection import read_embedding, write_embedding
from fercore.training.evaluate import evaluate_run
from tests.dashboard.conftest import words
from tests.factories.copies import make_copies
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


@pytest.fixture
def placed(folders):
    """A run with weights, its data set of 42 images a split, and an embedding of the test split.

    The first image has a label that no neighbour has.
    """
    dataset = make_dataset(folders[1], per_class=6)
    run = make_run(folders[0], "a", weights=True, dataset=dataset)
    found = embed_run(run, dataset, "test")
    labels = found.labels.copy()
    labels[0] = int(found.neighbours[0].argmin())
    found = dataclasses.replace(found, labels=labels)
    write_embedding(run, "test", found)
    return SimpleNamespace(run=run, dataset=dataset, found=found)


def rows(app):
    """The points of the picture."""
    (chart,) = (chart for chart in app.get("vega_lite_chart") if '"box"' in chart.proto.spec)
    (data,) = chart.proto.datasets
    return pa.ipc.open_stream(data.data.data).read_all().to_pandas()


def captions(app):
    """What is said below the pictures of a page."""
    return [picture.caption for element in app.get("image") for picture in element.proto.imgs]


def test_it_opens_with_how_alike_neighbours_are(open_page, placed):
    text = words(open_page("embedding"))
    together = agreement(placed.found)
    assert (
        f"#### Of the 10 images that `a` finds most like an image of PrivateTest, {with_range(together.own)} "
        f"show the same emotion; by chance it would be {percent(together.chance)}."
    ) in text
    assert "distances between clusters, their sizes and their shapes mean little" in text
    assert f"{with_range(picture_kept(placed.found, 'tsne'))} are nearest in the features too." in text


def test_every_image_of_the_split_is_a_point_with_its_picture(open_page, placed):
    shown = rows(open_page("embedding"))
    expected = point_table(placed.found, "tsne", ["PrivateTest", "Training"], training=False)
    assert shown["id"].tolist() == expected["id"].tolist()
    assert shown["x"].tolist() == pytest.approx(expected["x"].tolist(), abs=1e-3)
    assert all(uri.startswith("data:image/webp") for uri in shown["image"])


def test_images_of_training_join_where_they_are_asked_for_or_splits_are_coloured(open_page, placed):
    app = open_page("embedding")
    app.toggle(key="training").set_value(True).run()
    assert set(rows(app)["split"]) == {"PrivateTest", "Training"}
    app = open_page("embedding", colour="Split")
    assert set(rows(app)["split"]) == {"PrivateTest", "Training"}


def test_without_copies_their_images_are_gone_from_every_figure(open_page, folders, placed):
    ids = placed.found.ids[: placed.found.size]
    make_copies(folders[1], placed.run, exact=ids[:3], near=ids[5:7])
    app = open_page("embedding", score="clean")
    left = [id_ for number, id_ in enumerate(ids) if number not in (0, 1, 2, 5, 6)]
    together = agreement(some(placed.found, np.isin(ids, left)))
    assert (
        "most like an image of PrivateTest without the 5 images that have a copy in training, "
        f"{with_range(together.own)} show the same emotion"
    ) in words(app)
    assert rows(app)["id"].tolist() == left
    app.segmented_control("score_widget").set_value("published").run()
    assert rows(app)["id"].tolist() == ids.tolist()


def test_where_every_image_has_a_copy_the_page_says_so(open_page, folders, placed):
    make_copies(folders[1], placed.run, exact=placed.found.ids[: placed.found.size])
    app = open_page("embedding", score="clean")
    assert "There is nothing to compare in PrivateTest without the 42 images" in words(app)
    assert not app.get("vega_lite_chart")


def test_without_a_box_the_images_among_strangers_are_shown(open_page, placed):
    app = open_page("embedding")
    lonely = strangers(point_table(placed.found, "tsne", ["PrivateTest", "Training"], training=False))
    assert placed.found.ids[0] in set(lonely["id"])
    assert f"{len(lonely)} of the images have no neighbour with their label" in words(app)
    assert len(captions(app)) == len(lonely) <= 24
    assert [caption[0] == "✓" for caption in captions(app)] == lonely["right"].tolist()


def test_without_the_data_set_a_stored_embedding_is_shown_as_it_is(open_page, folders, placed, monkeypatch):
    monkeypatch.setenv("FERCORE_DATA", str(folders[1] / "gone"))
    app = open_page("embedding", places="PCA")
    assert "image" not in rows(app)
    assert "needs the pictures of FER2013" in words(app)
    assert "hold" in words(app)
    assert captions(app) == []
    lonely = strangers(point_table(placed.found, "pca", ["PrivateTest", "Training"], training=False))
    shown = app.dataframe[0].value
    assert shown["Image"].tolist() == lonely["id"].tolist()
    assert shown["Probability"].tolist() == [percent(x, 0) for x in lonely["probability"]]
    assert shown["Neighbours alike"].tolist() == [0] * len(lonely)


@pytest.mark.slow
def test_an_embedding_is_computed_when_it_is_asked_for(open_page, placed):
    app = open_page("embedding", split="val")
    assert "Where the images of PublicTest lie is not known yet" in words(app)
    assert "python scripts/embedding.py a --split val" in words(app)
    assert not app.get("vega_lite_chart")
    app.button(key="others_embedding_a_val").click().run()
    assert "finds most like an image of PublicTest" in words(app)
    assert rows(app)["id"].tolist() == placed.dataset.ids[placed.dataset.indices("val")].tolist()


def test_without_any_embedding_it_says_what_to_run(open_page, folders):
    make_run(folders[0], "a")
    text = words(open_page("embedding"))
    assert "No run here has an embedding" in text
    assert "python scripts/embedding.py NAME" in text


def test_a_damaged_embedding_is_named(open_page, placed):
    (placed.run.path / "embedding_test.npz").write_bytes(b"no npz")
    assert "not a readable npz" in words(open_page("embedding"))


@pytest.mark.parametrize(
    ("event", "box"),
    [
        ({"selection": {"box": {"x": [0.1, 0.2], "y": (0, 1)}}}, {"x": [0.1, 0.2], "y": [0, 1]}),
        ({"selection": {"box": {}}}, None),
        ({"selection": {"box": {"x": [0.1, 0.2]}}}, None),
        ({"selection": {"box": {"x": ["<b>", 0.2], "y": [0, 1]}}}, None),
        ({"selection": {"box": [1]}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_only_a_box_of_numbers_is_a_box(folders, event, box):
    from views.embedding.scatter import dragged

    assert dragged(event) == box


def test_a_box_is_told_by_its_emotions_and_how_often_the_model_is_right(folders, placed):
    from views.embedding.scatter import box_words

    points = point_table(placed.found, "tsne", ["PrivateTest", "Training"], training=False)
    chosen = points[points["true"] == "sad"].assign(right=[True, True, True, False, False, False])
    # Wilson's 95 % interval of 3 out of 6
    assert box_words(chosen) == "6 images, most of them 6 sad; accuracy of the model: 50.0 % (18.8 to 81.2)."
    assert box_words(chosen.head(0)) == "There is no image in the box."


@pytest.fixture
def elsewhere(placed, folders):
    """A second data set, of eight classes, beside the first, on which the run was evaluated."""
    other = make_dataset(folders[1].parent / "faces", per_class=4, classes=KNOWN, seed=9)
    evaluate_run(placed.run, other, "test")
    return SimpleNamespace(dataset=other, results=open_elsewhere(placed.run, "faces"))


def known(dataset, run):
    """Ids of the test images whose class the run knows."""
    return dataset.ids[asked(run, dataset, dataset.indices("test")).rows].tolist()


@pytest.mark.slow
def test_another_data_set_is_chosen_and_kept_in_the_address(placed, elsewhere, open_page):
    before = own_files(placed.run)
    embed_run(placed.run, elsewhere.dataset, "test")
    app = open_page("embedding", run="a", data="faces")
    assert app.selectbox(key="data_widget").options == [state_own(), "faces"]
    together = agreement(read_embedding(elsewhere.results, "test"))
    assert f"like an image of PrivateTest of faces, {with_range(together.own)} show" in words(app)
    assert rows(app)["id"].tolist() == known(elsewhere.dataset, placed.run)
    assert all(uri.startswith("data:image/webp") for uri in rows(app)["image"])
    app.selectbox(key="data_widget").set_value(state_own()).run()
    assert app.query_params["data"] == state_own()
    assert rows(app)["id"].tolist() == placed.found.ids[: placed.found.size].tolist()
    assert own_files(placed.run) == before


def test_where_nobody_embedded_another_data_set_a_button_does(placed, elsewhere, folders, open_page):
    before = own_files(placed.run)
    app = open_page("embedding", run="a", data="faces")
    assert "Where the images of PrivateTest of faces lie is not known yet." in words(app)
    assert f"python scripts/embedding.py a --split test --data {folders[1].parent / 'faces'} --runs" in words(app)
    assert "Compute and keep it" in [button.label for button in app.button]
    app.button(key="others_embedding_a on faces_test").click().run()
    assert rows(app)["id"].tolist() == known(elsewhere.dataset, placed.run)
    assert own_files(placed.run) == before
    assert not (elsewhere.results.path / "embedding_test.npz").exists()


def test_without_the_pictures_of_another_data_set_the_page_says_what_to_run(placed, elsewhere, folders, open_page):
    shutil.rmtree(folders[1].parent / "faces")
    app = open_page("embedding", run="a", data="faces")
    assert "It needs the pictures, which are not here." in words(app)
    assert f"python scripts/embedding.py a --split test --data {folders[1].parent / 'faces'}" in words(app)
    assert not app.get("vega_lite_chart")


def test_nothing_is_offered_for_the_data_set_here_where_a_run_is_about_another(folders, open_page):
    make_dataset(folders[1], per_class=6, classes=KNOWN)
    make_run(folders[0], "a", weights=True)
    assert "No run here has an embedding" in words(open_page("embedding", run="a"))


def own_files(run):
    return {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file() and path.name != ".lock"}


def state_own():
    from state import OWN

    return OWN
