"""The errors page: its answer, its filters, and that it shows the images that match all of them and no others."""

from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df

from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.fer2013_ids import known
from fercore.data.ferplus import votes_on
from fercore.data.prepare import prepare
from fercore.data.records import Record, Source
from fercore.emotions import EMOTIONS
from fercore.evaluation.errors import AGREED, image_table, ordered
from fercore.runs import Predictions, update_run, write_predictions
from tests.dashboard.conftest import captions, links, words
from tests.factories.copies import make_copies
from tests.factories.data import make_dataset, make_records
from tests.factories.runs import make_run
from tests.factories.votes import make_judged_run

ANGRY, FEAR, HAPPY, SAD = (EMOTIONS.index(name) for name in ("angry", "fear", "happy", "sad"))


def answer(run, changes, split="test"):
    """Let a run be right on all images of a split, 60 % sure, but for `changes`: row -> (class, confidence)."""
    found = run.predictions(split)
    said = {row: (label, 0.6) for row, label in enumerate(found.label)} | changes
    probabilities = np.full((len(found.label), 7), np.nan)
    for row, (label, confidence) in said.items():
        probabilities[row] = (1 - confidence) / 6
        probabilities[row, label] = confidence
    write_predictions(run, split, "none", Predictions(found.id, found.label, probabilities.astype(np.float32)))
    return run


@pytest.fixture
def pictured(folders):
    """A run on a data set of 3 test images of each emotion that is here: it takes 2 fears for sad, a sad for angry."""
    dataset = make_dataset(folders[1], per_class=3)
    first = 3 * FEAR
    changes = {first: (SAD, 0.7), first + 1: (SAD, 0.9), 3 * SAD: (ANGRY, 0.95)}
    return answer(make_run(folders[0], "a", dataset=dataset), changes)


@pytest.fixture
def listed(folders):
    """The same answers without a data set: images test-00000 to test-00020, whose classes follow each other."""
    return answer(make_run(folders[0], "a", n=21), {2: (SAD, 0.7), 9: (SAD, 0.9), 4: (ANGRY, 0.95)})


def ids(app):
    """The images of the list."""
    return app.dataframe[0].value["Image"].str[-2:].tolist()


def test_it_opens_with_the_number_of_errors_and_the_most_frequent_one(open_page, listed):
    text = words(open_page("errors"))
    wrong = "`a` is wrong on 3 of 21 images of PrivateTest, 14.3 % (5.0 to 34.6)"  # Wilson's 95 % interval
    assert f"{wrong}, most often taking fear for sad (2 times)." in text
    assert "It is at least 90 % sure of 2 of its wrong answers." in text


def test_a_run_without_errors_says_so(open_page, folders):
    answer(make_run(folders[0], "a", n=21), {})
    text = words(open_page("errors"))
    assert "`a` classifies all 21 images of PrivateTest correctly." in text
    assert "No image matches all that is chosen" in text


def test_pictures_come_most_confident_first_with_both_classes(open_page, pictured):
    shown = [caption.replace("\u00a0", " ") for caption in captions(open_page("errors"))]
    assert shown == ["✗ sad 1 % → angry 95 %", "✗ fear 2 % → sad 90 %", "✗ fear 5 % → sad 70 %"]


def test_without_pictures_there_are_ids_and_figures_and_what_to_run(open_page, listed, folders):
    app = open_page("errors")
    assert f"python scripts/prepare_data.py path/to/archive.zip --out {folders[1]}" in words(app)
    table = app.dataframe[0].value
    assert table["Image"].tolist() == ["test-00004", "test-00009", "test-00002"]
    assert table.iloc[0].tolist() == ["test-00004", "sad", "angry", "95.0 %", "0.8 %"]
    assert app.slider(key="brightness").disabled


def test_pictures_of_another_data_set_are_not_shown(open_page, pictured):
    update_run(pictured, dataset={**pictured.info["dataset"], "fingerprint": "0" * 64})
    app = open_page("errors")
    assert "not the one that this run saw" in words(app)
    assert not captions(app)
    assert len(app.dataframe[0].value) == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"true": "fear"}, ["09", "02"]),
        ({"pred": "angry"}, ["04"]),
        ({"true": "fear", "outcome": "all"}, ["09", "02", "16"]),
        ({"pred": "sad", "outcome": "right"}, ["11", "18"]),
        ({"confidence": ["80", "92"]}, ["09"]),
    ],
)
def test_filters_are_in_the_address(open_page, listed, query, expected):
    assert ids(open_page("errors", **query)) == expected


def test_choosing_narrows(open_page, listed):
    app = open_page("errors")
    app.selectbox(key="true").set_value("fear").run()
    app.segmented_control(key="outcome").set_value("right").run()
    assert ids(app) == ["16"]
    assert "**1 image**, most confident first. Under these choices: wrong 2, right 1." in words(app)


def test_the_matrix_counts_the_images_of_the_other_filters(open_page, listed):
    app = open_page("errors", true="fear", confidence=["65", "100"])
    (chart,) = app.get("vega_lite_chart")
    cells = convert_arrow_bytes_to_pandas_df(chart.proto.datasets[0].data.data).set_index(["true", "pred"])["count"]
    assert len(cells) == 49
    assert cells[cells > 0].to_dict() == {("fear", "sad"): 2, ("sad", "angry"): 1}


@pytest.mark.slow
def test_copies_are_told_apart_where_they_are_known(open_page, listed, folders):
    app = open_page("errors")
    assert app.selectbox(key="copies").disabled
    make_copies(folders[1], listed, exact=["test-00009"], near=["test-00016"])
    assert ids(open_page("errors", copies="have a copy")) == ["09"]
    assert ids(open_page("errors", copies="have none")) == ["04", "02"]
    assert open_page("errors").dataframe[0].value["Copy in training"].tolist() == [False, True, False]


def test_the_clean_score_leaves_copies_out_of_the_sentence_the_matrix_and_the_list(open_page, listed, folders):
    make_copies(folders[1], listed, exact=["test-00009"], near=["test-00016"])
    app = open_page("errors", score="clean")
    assert "is wrong on 2 of 19 images of PrivateTest without the 2 that have a copy in training, " in words(app)
    assert ids(app) == ["04", "02"]
    assert "Under these choices: wrong 2, right 17." in words(app)
    assert "copies" not in [box.key for box in app.selectbox]


def test_brightness_comes_from_the_pictures(open_page, pictured, folders):
    import state

    app = open_page("errors", outcome="all")
    levels = [state.dataset().images[row].mean() for row in state.dataset().indices("test")]
    middle = int(np.median(levels))
    app.slider(key="brightness").set_value((0, middle)).run()
    assert len(captions(app)) == sum(level <= middle for level in levels)


@pytest.mark.slow
def test_a_slice_holds_as_many_images_as_the_slices_page_says(open_page, folders):
    make_judged_run(folders[0], n=280)
    told = open_page("slices", groups="5").dataframe[0].value
    for attribute, word, of in (("contrast", "lowest", "lowest of 5"), ("sharpness", "high", "high of 5")):
        rows = told[(told["Attribute"] == attribute) & told["Slice"].str.startswith(f"{word} (")]
        (images,), (name,) = rows["Images"].str.rstrip("*"), rows["Slice"]
        app = open_page("errors", outcome="all", slice=f"{attribute}: {of}")
        assert f"**{images} images** of the slice {attribute}: {name}, most confident" in words(app).replace("\\", "")
        assert len(app.dataframe[0].value) == int(images)


def test_of_a_slice_that_nobody_knows_it_says_so(open_page, listed):
    app = open_page("errors", slice="contrast: low of 3")
    assert "Nothing is known of this slice for these images" in app.info[0].value


@pytest.mark.parametrize(
    ("pair", "expected"),
    [("both wrong", ["02"]), ("only first wrong", ["04", "09"]), ("only second wrong", ["00"]), ("all", 21)],
)
def test_a_second_run_divides_the_images(open_page, listed, folders, pair, expected):
    answer(make_run(folders[0], "b", n=21), {2: (HAPPY, 0.8), 0: (SAD, 0.8)})
    app = open_page("errors", run="a", other="b", pair=pair)
    assert "both wrong 1, only first wrong 2, only second wrong 1, both right 17 (first: `a`, second: `b`)" in words(
        app
    )
    assert (ids(app) if isinstance(expected, list) else len(ids(app))) == expected
    assert "Second says" in app.dataframe[0].value


def test_pages_of_pictures_begin_anew_with_other_choices(open_page, folders):
    run = make_run(folders[0], "a", dataset=make_dataset(folders[1], per_class=5))
    answer(run, {row: (FEAR, 0.6 + row / 100) for row in range(35) if row // 5 != FEAR})
    app = open_page("errors")
    assert len(captions(app)) == 24
    app.get("pagination")[0].set_value(2).run()
    assert len(captions(app)) == 6
    app.selectbox(key="true").set_value("sad").run()
    assert len(captions(app)) == 5


def test_images_lead_to_their_explanation_where_there_are_weights(open_page, pictured, folders):
    assert links(open_page("errors"), "Explain") == []
    answer(make_run(folders[0], "heavy", dataset=make_dataset(folders[1], per_class=3), weights=True), {0: (SAD, 0.9)})
    assert links(open_page("errors", run="heavy"), "Explain") == ["runs=heavy&ids=test%2Fangry%2F0"]


def test_a_run_without_figures_says_what_to_run(open_page, folders):
    make_run(folders[0], "a", splits=())
    assert "python scripts/evaluate.py a" in words(open_page("errors"))


def test_broken_predictions_are_a_message(open_page, listed):
    (listed.path / "predictions_test.npz").write_bytes(b"no npz")
    assert "not a readable npz" in words(open_page("errors"))


@pytest.fixture
def chart_clicks(folders, monkeypatch):
    """The module with a session state of the test's own."""
    from widgets import chart_clicks

    monkeypatch.setattr(chart_clicks.st, "session_state", {})
    return chart_clicks


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ({"cell": [{"true": "fear", "pred": "sad"}]}, ("fear", "sad")),
        ({"cell": []}, ("any class", "any class")),
        ({}, ("any class", "any class")),
        ({"cell": [{"true": "<b>", "pred": "sad"}]}, ("any class", "sad")),
    ],
)
def test_a_clicked_cell_chooses_its_images_right_or_wrong(chart_clicks, selection, chosen):
    chart_clicks.st.session_state["chart"] = SimpleNamespace(selection=selection)
    chart_clicks.choose(chart_clicks.cell, "chart")
    found = chart_clicks.st.session_state
    assert (found["true"], found["pred"]) == chosen
    assert (found["outcome"], found["pair"]) == ("all", "all")


def test_a_clicked_point_asks_for_its_slice_if_it_has_a_name(chart_clicks):
    names = {("light", "low (under 3)"): "light: low of 3"}
    for clicked, expected in (
        ({"attribute": "light", "slice": "low (under 3)"}, "light: low of 3"),
        ({"attribute": "light", "slice": "other"}, "any slice"),
    ):
        chart_clicks.st.session_state["chart"] = SimpleNamespace(selection={"group": [clicked]})
        found = chart_clicks.slice_of("chart", names)
        assert (found["slice"], found["outcome"]) == (expected, "all")


@pytest.mark.parametrize(("figure", "key"), [("precision", "pred"), ("recall", "true"), ("f1", "true")])
def test_a_clicked_bar_is_about_true_or_predicted_images(chart_clicks, figure, key):
    chart_clicks.st.session_state["chart"] = SimpleNamespace(selection={"class": [{"emotion": "fear"}]})
    found = chart_clicks.bar("chart", figure)
    assert found.pop(key) == "fear"
    assert set(found.values()) == {"any class", "all"}


@pytest.mark.slow
@pytest.mark.parametrize(("score", "shown"), [("published", ["09", "02"]), ("clean", ["02"])])
def test_a_click_on_the_evaluation_page_opens_the_errors_page(open_page, listed, folders, score, shown):
    make_copies(folders[1], listed, exact=["test-00009"])
    app = open_page("evaluation", score=score)
    app.session_state["asked_images"] = {"true": "fear", "pred": "sad", "outcome": "all"}
    app.run()
    assert app.title[0].value == "Errors"
    assert ids(app) == shown


def test_people_s_votes_filter_and_sort_the_images_without_a_data_set(open_page, folders):
    run = make_judged_run(folders[0])
    found = run.predictions("test")
    table = image_table(found, votes=votes_on(found.id))
    app = open_page("errors", people="with the model", outcome="all", sorted="people agree most")
    expected = ordered(table[table["side"] == "model"], AGREED)
    assert app.dataframe[0].value["Image"].tolist() == expected["id"].tolist()
    assert app.dataframe[0].value["People say"].tolist() == expected["votes"].tolist()
    assert f"**{len(expected)} images**, people agree most." in words(app)
    assert len(expected) > 3


def test_images_that_nobody_voted_on_cannot_be_asked_for_by_votes(open_page, listed):
    app = open_page("errors", people="with the model")
    assert app.selectbox(key="people").disabled
    assert app.selectbox(key="sorted").options == ["most confident first"]
    assert len(ids(app)) == 3


def test_votes_stand_below_the_pictures(open_page, folders):
    places = np.flatnonzero(known().split == 2)[:4]
    pixels = [record.pixels for record in make_records(per_class=1)]
    parts = zip(known().ids[places].tolist(), known().label[places].tolist(), ["test"] * 4, pixels, strict=False)
    records = [Record(*part) for part in parts]
    source = Source("zip", "made", OFFICIAL_SPLIT_NAMES, lambda on_bad: iter(records))
    make_run(folders[0], "a", dataset=prepare(source, folders[1]), splits=("test",))
    app = open_page("errors", outcome="all")
    assert len(captions(app)) == 4
    bodies = [element.proto.body for element in app.get("html") if "people, model" in element.proto.body]
    assert len(bodies) == int(votes_on(known().ids[places]).any(axis=1).sum()) == 4
    assert "how many of ten people say so" in words(app)
