"""The Evaluation page: its answer, its tables, what its charts select, and the clean score."""

import json

import pytest

from tests.dashboard.conftest import charts, words
from tests.factories.copies import make_copies
from tests.factories.runs import make_run


def test_it_opens_with_accuracy_interval_and_weakest_class(open_page, folders):
    run = make_run(folders[0], "a", n=700, accuracy=0.6)
    text = words(open_page("evaluation"))
    # Wilson's 95 % interval of 420 out of 700
    assert "`a` has accuracy 60.0 % on PrivateTest (95 % interval 56.3 to 63.6, n = 700);" in text
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


@pytest.mark.slow
def test_a_class_without_images_has_no_figure(open_page, folders):
    make_run(folders[0], "a", n=6)  # one image of each class but the last
    app = open_page("evaluation")
    assert "Averages are over the 6 of 7 classes that occur: there is no image of neutral" in words(app)
    (table,) = (element.value.set_index("Class") for element in app.dataframe if "F1" in element.value)
    assert table.loc["neutral"].tolist() == ["", "", "", 0]


def test_without_metrics_it_says_what_to_run(open_page, folders):
    make_run(folders[0], "a", splits=())
    text = words(open_page("evaluation"))
    assert "`a` has not been evaluated yet" in text
    assert "python scripts/evaluate.py a" in text


@pytest.mark.parametrize(("number", "selected"), [(0, ["true", "pred"]), (1, ["true", "pred"]), (2, ["emotion"])])
def test_clicks_select_cells_pairs_and_classes(open_page, folders, number, selected):
    make_run(folders[0], "a")
    chart = open_page("evaluation").get("vega_lite_chart")[number]
    (selection,) = json.loads(chart.proto.spec)["params"]
    assert selection["select"]["fields"] == selected
    assert list(chart.proto.selection_mode) == [selection["name"]]


def test_the_clean_score_leaves_copies_out_and_says_what_they_were_worth(open_page, folders):
    run = make_run(folders[0], "a", n=700, accuracy=0.6)
    found = run.predictions("test")
    make_copies(folders[1], run, exact=found.id[found.predicted == found.label][:20].tolist())
    app = open_page("evaluation", run="a")
    assert "20 of the 700 images of PrivateTest (2.9 %) have a copy in training" in words(app)
    app.segmented_control("score_widget").set_value("clean").run()
    text = words(app)
    # Wilson's 95 % interval of 400 out of 680
    assert (
        "has accuracy 58.8 % on PrivateTest without the 20 images that have a copy in training (95 % interval 55.1"
        in text
    )
    assert "55.1 to 62.5, n = 680 of 700);" in text
    assert "With them, as published: 60.0 % (56.3 to 63.6), n = 700. On those 20 images alone: 100.0 %" in text
    assert app.metric[0].value == "58.8 %"
    assert app.dataframe[0].value["Images"].tolist()[-1] == 680
    assert "without copies” leaves them out" not in text


def test_a_clean_score_without_copies_says_so(open_page, folders):
    run = make_run(folders[0], "a")
    make_copies(folders[1], run, exact=["val-00000"])
    text = words(open_page("evaluation", score="clean"))
    assert "on PrivateTest, none of whose images has a copy in training (95 % interval 48.3 to 70.7, n = 70);" in text


def test_broken_predictions_leave_the_figures_standing(open_page, folders):
    run = make_run(folders[0], "a")
    (run.path / "predictions_test.npz").write_bytes(b"no npz")
    app = open_page("evaluation")
    text = words(app)
    assert "not a readable npz" in text
    assert "`a` has accuracy 60.0 % on PrivateTest" in text


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
