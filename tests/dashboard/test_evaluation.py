"""The Evaluation page: its answer, its tables, and a gallery that shows the images of the chosen classes only."""

import json
from types import SimpleNamespace

import pytest

from fercore.evaluation.tables import prediction_table
from fercore.runs import update_run
from tests.dashboard.conftest import words
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


def charts(app):
    """Vega-Lite specs of a page, in order."""
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def captions(app):
    """Captions of the pictures of a page."""
    return [picture.caption for element in app.get("image") for picture in element.proto.imgs]


@pytest.fixture
def pictured(folders):
    """A run on a data set that is there: 10 images of each emotion in each split."""
    return make_run(folders[0], "a", dataset=make_dataset(folders[1], per_class=10))


def test_it_opens_with_accuracy_interval_and_weakest_class(open_page, folders):
    run = make_run(folders[0], "a", n=700, accuracy=0.6)
    text = words(open_page("evaluation"))
    # Wilson's 95 % interval of 420 out of 700
    assert "`a` is right on 60.0 % of PrivateTest (56.3 to 63.6), n = 700;" in text
    report = run.metrics("test")
    weakest = min(report["per_class"], key=lambda emotion: report["per_class"][emotion]["f1"]["value"])
    assert f"; {weakest} is its weakest class, most often taken for" in text


def test_headline_figures_carry_their_intervals(open_page, folders):
    report = make_run(folders[0], "a").metrics("test")
    app = open_page("evaluation")
    assert [metric.label for metric in app.metric] == [
        "Accuracy",
        "Balanced accuracy",
        "Macro-F1",
        "Weighted F1",
        "Log loss",
    ]
    macro, loss = report["macro_f1"], report["log_loss"]
    assert (app.metric[0].value, app.metric[0].delta) == ("60.0 %", "48.3 to 70.7")
    assert app.metric[2].delta == f"{100 * macro['low']:.1f} to {100 * macro['high']:.1f}"
    assert app.metric[4].value == f"{loss['value']:.3f}"


def test_the_methods_of_the_intervals_are_said(open_page, folders):
    make_run(folders[0], "a")
    text = words(open_page("evaluation")).replace("\\", "")
    assert "95 % intervals: Wilson score for accuracy, precision, recall;" in text
    assert "percentile bootstrap over images, 100 resamples, seed 0 for all other figures." in text


@pytest.mark.parametrize(
    ("split", "note"), [("val", "epoch was chosen on PublicTest"), ("train", "learned from Training")]
)
def test_splits_that_flatter_come_with_a_note(open_page, folders, split, note):
    make_run(folders[0], "a", splits=("train", "val", "test"))
    assert note in words(open_page("evaluation", split=split))
    assert note not in words(open_page("evaluation", split="test"))


def test_flip_averaging_is_part_of_the_sentence(open_page, folders):
    make_run(folders[0], "a", tta=("none", "flip"))
    assert "each image averaged with its mirror image" in words(open_page("evaluation", tta="flip"))


def test_switching_to_counts_recolours_the_matrix(open_page, folders):
    make_run(folders[0], "a")
    app = open_page("evaluation")
    assert charts(app)[0]["layer"][0]["encoding"]["color"]["field"] == "by_true"
    app.segmented_control(key="confusion_shown").set_value("count").run()
    assert charts(app)[0]["layer"][0]["encoding"]["color"]["field"] == "count"


def test_the_classification_report_has_classes_accuracy_and_averages(open_page, folders):
    run = make_run(folders[0], "a")
    table = open_page("evaluation").dataframe[0].value.set_index("Class")
    assert table.index[-3:].tolist() == ["accuracy", "macro average", "weighted average"]
    recall = run.metrics("test")["per_class"]["sad"]["recall"]
    bounds = f"{100 * recall['low']:.1f} to {100 * recall['high']:.1f}"
    assert table.loc["sad", "Recall"] == f"{100 * recall['value']:.1f} % ({bounds})"
    assert table.loc["accuracy"].tolist() == ["", "", "60.0 % (48.3 to 70.7)", 70]


def test_without_metrics_it_says_what_to_run(open_page, folders):
    make_run(folders[0], "a", splits=())
    text = words(open_page("evaluation"))
    assert "`a` has not been evaluated yet" in text
    assert "python scripts/evaluate.py a" in text


def test_without_pictures_the_gallery_is_a_table_and_says_what_to_run(open_page, folders):
    run = make_run(folders[0], "a")
    app = open_page("evaluation")
    text = words(app)
    assert "The gallery needs the pictures of FER2013" in text
    assert "python scripts/prepare_data.py" in text
    shown = app.dataframe[1].value
    found = run.predictions("test")
    expected = prediction_table(found.id, found.label, found.probabilities).set_index("id")
    assert len(shown) == 24
    for row in shown.to_dict("records"):
        assert row["pred"] == expected.loc[row["id"], "pred"]
        assert row["share"] == pytest.approx(100 * expected.loc[row["id"], "probability"])


def test_pictures_of_another_data_set_are_not_shown(open_page, folders, pictured):
    update_run(pictured, dataset={**pictured.info["dataset"], "fingerprint": "0" * 64})
    app = open_page("evaluation")
    assert "not the one that this run saw" in words(app)
    assert captions(app) == []
    assert len(app.dataframe) == 2


def test_right_and_wrong_pictures_differ_by_a_sign(open_page, pictured):
    app = open_page("evaluation")
    shown = captions(app)
    assert len(shown) == 24
    assert {caption[0] for caption in shown} == {"✓", "✗"}
    assert all(("→" in caption) == (caption[0] == "✗") for caption in shown)
    assert len(app.dataframe) == 1


def test_the_gallery_shows_the_chosen_classes_only(open_page, pictured):
    app = open_page("evaluation")
    app.selectbox(key="gallery_true").set_value("happy")
    app.selectbox(key="gallery_pred").set_value("any other class").run()
    found = pictured.predictions("test")
    wrong = int(((found.label == 3) & (found.predicted != 3)).sum())
    assert len(captions(app)) == wrong > 0
    assert all(caption.startswith("✗ happy → ") for caption in captions(app))
    assert f"{wrong} images, drawn at random" in words(app)


def test_the_sample_is_the_same_until_others_are_asked_for(open_page, pictured):
    app = open_page("evaluation")
    first = captions(app)
    assert captions(app.run()) == first
    app.button(key="others_gallery").click().run()
    assert captions(app) != first


@pytest.fixture
def gallery(folders, monkeypatch):
    """The gallery module with a session state of the test's own."""
    import gallery

    monkeypatch.setattr(gallery.st, "session_state", {})
    return gallery


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ({"cell": [{"true": "fear", "pred": "sad"}]}, ("fear", "sad")),
        ({"cell": []}, ("any class", "any class")),
        ({}, ("any class", "any class")),
        ({"cell": [{"true": "<b>", "pred": "sad"}]}, ("any class", "sad")),
    ],
)
def test_a_clicked_cell_chooses_what_the_gallery_shows(gallery, selection, chosen):
    gallery.st.session_state[gallery.CHART] = SimpleNamespace(selection=selection)
    gallery.choose_cell()
    assert (gallery.st.session_state["gallery_true"], gallery.st.session_state["gallery_pred"]) == chosen


def test_broken_predictions_leave_the_figures_standing(open_page, folders):
    run = make_run(folders[0], "a")
    (run.path / "predictions_test.npz").write_bytes(b"no npz")
    app = open_page("evaluation")
    text = words(app)
    assert "not a readable npz" in text
    assert "`a` is right on 60.0 % of PrivateTest" in text


def test_broken_metrics_are_named(open_page, folders):
    run = make_run(folders[0], "a")
    metrics = run.metrics("test")
    metrics["per_class"]["sad"] = "<script>"
    (run.path / "metrics_test.json").write_text(json.dumps(metrics))
    assert "per_class sad" in words(open_page("evaluation")).replace("\\", "")


def test_text_of_a_run_is_never_markdown(open_page, folders):
    run = make_run(folders[0], "a")
    metrics = run.metrics("test")
    metrics["split_name"] = "![spy](http://evil.example/p.png)"
    metrics["interval"]["accuracy"] = "<b>**bold**</b>"
    (run.path / "metrics_test.json").write_text(json.dumps(metrics))
    text = words(open_page("evaluation"))
    assert "](" not in text
    assert "**bold" not in text
