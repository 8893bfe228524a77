"""What a report says is what the files of a run say, of whole runs and of broken ones; text stays text."""

import hashlib
import json
import re
from datetime import UTC, datetime

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from fercore.data.copies import Copies
from fercore.emotions import EMOTIONS
from fercore.evaluation.calibration import calibration
from fercore.evaluation.confidence import fit_temperature, scale
from fercore.evaluation.intervals import wilson
from fercore.report.contents import confusion_rows
from fercore.report.page import html_report, write_report
from fercore.runs import Predictions, update_run, write_json, write_predictions
from tests.factories.robustness import keep_counts
from tests.factories.runs import make_run

HOSTILE = "<img src=https://evil.example/a onerror=alert(1)><script>alert(2)</script>{{ 7 * 7 }}' \" --x: url(//evil)"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished run, measured on two splits with and without flip averaging, with weights."""
    root = tmp_path_factory.mktemp("runs")
    return make_run(root, "whole", n=700, accuracy=0.6, tta=("none", "flip"), weights=True)


@pytest.fixture(scope="module")
def page(whole, opened):
    return opened(html_report(whole, now=datetime(2026, 5, 20, 12, 30, tzinfo=UTC)))


def percent(value):
    return f"{100 * value:.1f} %"


def test_it_opens_with_accuracy_interval_and_weakest_class(page):
    assert "made 2026-05-20 12:30 UTC" in page.words
    # Wilson's 95 % interval of 420 out of 700
    assert "Its accuracy is 60.0 % on PrivateTest (95 % interval 56.3 to 63.6), n = 700;" in page.words
    assert "is its weakest class, most often taken for" in page.words


def test_figures_are_those_of_the_predictions(page, whole):
    rows = page.table("Images", 0)
    assert [row[0] for row in rows] == [
        "PrivateTest",
        "PrivateTest + mirror image",
        "PublicTest",
        "PublicTest + mirror image",
    ]
    found = whole.predictions("test")
    recalls, f1s = precision_recall_fscore_support(found.label, found.predicted)[1:3]
    assert rows[0][1:4] == ["as published", "700", "60.0 % 56.3 to 63.6"]
    assert rows[0][4].startswith(percent(recalls.mean()))
    assert rows[0][5].startswith(percent(f1s.mean()))
    loss = -np.log(found.probabilities[np.arange(700), found.label]).mean()
    assert rows[0][7].startswith(f"{loss:.3f} ")


def test_the_confusion_matrix_counts_the_predictions(page, whole):
    rows = page.table("", 0)
    found = whole.predictions("test")
    for true, row in zip(range(7), rows, strict=True):
        counts = [int(((found.label == true) & (found.predicted == pred)).sum()) for pred in range(7)]
        assert row[0] == EMOTIONS[true]
        assert [int(cell.split()[0]) for cell in row[1:8]] == counts
        assert row[1].split()[1:] == [f"{100 * counts[0] / sum(counts):.0f}", "%"]
        assert int(row[8]) == sum(counts)


def test_a_class_without_images_has_no_shares():
    rows = confusion_rows({"confusion": [[3, 1], [0, 0]], "classes": ["angry", "sad"]})
    assert [[cell["count"], cell["share"]] for row in rows for cell in row["cells"]] == [
        *(["3", "75 %"], ["1", "25 %"]),
        *(["0", ""], ["0", ""]),
    ]


def test_every_class_has_its_figures_with_intervals(page, whole):
    rows = {row[0]: row for row in page.table("Class", 0)}
    found = whole.predictions("test")
    for code, emotion in enumerate(EMOTIONS):
        of_class, said = found.label == code, found.predicted == code
        hits = int((of_class & said).sum())
        for cell, trials in ((rows[emotion][1], said.sum()), (rows[emotion][2], of_class.sum())):
            figure = wilson(hits, int(trials))
            assert cell == f"{percent(figure['value'])} ({100 * figure['low']:.1f} to {100 * figure['high']:.1f})"
    assert list(rows)[-3:] == ["accuracy", "macro average", "weighted average"]


def test_calibration_is_that_of_the_predictions(page, whole):
    found, chosen_on = whole.predictions("test"), whole.predictions("val")
    plain = calibration(found.label, found.probabilities)
    temperature = fit_temperature(chosen_on.label, chosen_on.probabilities)
    after = calibration(found.label, scale(found.probabilities, temperature))
    assert f"by {100 * plain.error:.1f} points on average" in page.words
    assert f"below {100 * plain.by_chance:.1f} points" in page.words
    assert f"a temperature of {temperature:.2f}, fitted on the validation split" in page.words
    assert f"an error of {100 * after.error:.1f} points" in page.words
    bins = page.table("Confidence", 0)
    assert sum(int(row[1]) for row in bins) == 700


@pytest.mark.slow
def test_without_copies_both_numbers_of_images_are_said(whole, opened, tmp_path):
    found = whole.predictions("test")
    copied = found.id[:100].tolist()
    ids = {"exact": {"test": copied[:60], "val": []}, "near": {"test": copied[60:], "val": []}}
    write_json(tmp_path / "copies.json", Copies("f" * 64, ids, {}).to_json())
    page = opened(html_report(whole, tmp_path / "copies.json"))
    right = found.predicted == found.label
    clean, of_copies = wilson(int(right[100:].sum()), 600), wilson(int(right[:100].sum()), 100)
    assert (
        f"Without the 100 images of which training has a copy it is {percent(clean['value'])} "
        f"({100 * clean['low']:.1f} to {100 * clean['high']:.1f}), n = 600; on those 100 "
        f"{percent(of_copies['value'])}"
    ) in page.words
    assert [row[1:3] for row in page.table("Images", 0)[:2]] == [["as published", "700"], ["without copies", "600"]]


def test_where_copies_are_not_known_it_says_so(page):
    assert "There is no score without copies: which images have a copy in training is not known" in page.words


def test_provenance_names_command_commit_seed_and_files(page, whole):
    for words in ("python scripts/train.py --recipe toy --seed 0", "0" * 40, "torch 2.15.0", "f" * 64, "cpu, bf16; 2"):
        assert words in page.words
    for name in ("model.safetensors", "predictions_test.npz", "history.csv"):
        assert hashlib.sha256((whole.path / name).read_bytes()).hexdigest() in page.words
    assert "training.learning_rate" in page.words


def test_data_are_counted_and_shown_as_averages_only(page, whole):
    counts = whole.info["dataset"]["counts"]["train"]
    assert page.table("Images", 1)[0] == ["Training", *(str(counts[emotion]) for emotion in EMOTIONS), "700"]
    pictures = [attributes for tag, attributes in page.elements if tag == "img"]
    assert [picture["alt"] for picture in pictures] == [f"Average {emotion} face" for emotion in EMOTIONS]
    assert all(picture["src"].startswith("data:image/png;base64,") for picture in pictures)


def test_nothing_is_asked_of_a_network_and_no_script_runs(page):
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "iframe", "object", "embed", "form", "base"}
    links = [value for _, attributes in page.elements for name, value in attributes.items() if name in ("src", "href")]
    assert all(link.startswith(("data:", "#")) for link in links)
    (policy,) = [
        attributes["content"] for tag, attributes in page.elements if "http-equiv" in attributes and tag == "meta"
    ]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_charts_tell_at_the_pointer_what_a_tooltip_would(whole, page):
    found = whole.predictions("test")
    history = whole.history()
    assert len([attributes for tag, attributes in page.elements if tag == "svg"]) == 4 + 2 * 2 + 2
    assert f"Epoch: 3\nRun: whole\nImages: validation\nAccuracy: {percent(history['val_accuracy'][2])}" in page.words
    assert f"Images of this class: {int((found.label == 0).sum())}" in page.words


@pytest.mark.slow
def test_stored_metrics_that_do_not_fit_the_predictions_are_not_believed(tmp_path, opened):
    run = make_run(tmp_path, n=70, accuracy=0.6)
    metrics = run.metrics("test")
    metrics["accuracy"] = {"value": 0.99, "low": 0.98, "high": 1.0}
    write_json(run.path / "metrics_test.json", metrics)
    assert "Its accuracy is 60.0 % on PrivateTest" in opened(html_report(run)).words


@pytest.mark.slow
def test_without_predictions_the_stored_figures_are_shown(tmp_path, opened):
    run = make_run(tmp_path, n=70, splits=("test",))
    (run.path / "predictions_test.npz").unlink()
    page = opened(html_report(run))
    assert "Its accuracy is 60.0 % on PrivateTest (95 % interval 48.3 to 70.7), n = 70" in page.words
    assert "has no predictions for test" in page.words
    assert "Without stored predictions nobody can say how far its confidence can be believed" in page.words


@pytest.mark.slow
@pytest.mark.parametrize("status", ["failed", "stopped"])
def test_a_run_that_was_cut_short_shows_what_it_holds(tmp_path, opened, status):
    run = make_run(tmp_path, epochs=2, splits=(), status=status)
    page = opened(html_report(run))
    assert f"This run is {status}: what it holds so far is shown." in page.words
    assert "It has not been measured yet" in page.words
    assert "python scripts/evaluate.py toy" in page.words
    assert len([tag for tag, _ in page.elements if tag == "svg"]) == 4


@pytest.mark.slow
def test_a_run_without_epochs_says_so(tmp_path, opened):
    assert "It holds no epochs of its own." in opened(html_report(make_run(tmp_path, epochs=0))).words


@pytest.mark.slow
def test_an_added_model_tells_where_it_comes_from_and_what_is_not_known(tmp_path, opened):
    run = make_run(tmp_path, epochs=0, n=70)
    source = {"hub": "someone/theirs", "revision": "abc", "weights_sha256": "d" * 64, "license": "apache-2.0"}
    run = update_run(run, source=source, trained_on={"dataset": None, "splits": None, "pretraining": "unknown"})
    words = opened(html_report(run)).words
    for text in (
        "someone/theirs",
        "apache-2.0",
        "d" * 64,
        "What this model learned from is not known",
        "⚠ perhaps contaminated",
    ):
        assert text in words
    assert "A temperature cannot be fitted" in words


@pytest.mark.slow
def test_damaged_files_are_named_and_the_rest_is_shown(tmp_path, opened):
    run = make_run(tmp_path, n=70)
    (run.path / "metrics_val.json").write_text("{}")
    (run.path / "average_faces.npz").write_bytes(b"no npz")
    (run.path / "history.csv").write_text("epoch\n1\n")
    words = opened(html_report(run)).words
    for text in ("metrics_val.json: not a metrics file", "average_faces.npz: not a readable npz", "columns missing"):
        assert text in words
    assert "Its accuracy is 60.0 % on PrivateTest" in words


@pytest.mark.slow
def test_a_stranger_s_text_stays_text(tmp_path, opened):
    run = make_run(tmp_path, n=70)
    info = json.loads(json.dumps(run.info))
    info["command"] = info["git_commit"] = info["device"] = info["config"]["recipe"] = HOSTILE
    info["config"]["training"] = {HOSTILE: HOSTILE}
    info["versions"] = {HOSTILE: [HOSTILE]}
    info["study"] = {"name": HOSTILE, "description": HOSTILE}
    info["dataset"]["split_names"] = dict.fromkeys(("train", "val", "test"), HOSTILE)
    write_json(run.path / "run.json", info)
    for split in ("val", "test"):
        write_json(run.path / f"metrics_{split}.json", {**run.metrics(split), "split_name": HOSTILE})
    page = opened(html_report(update_run(run, **info)))
    assert HOSTILE.replace(" %", "\u00a0%") in page.words
    assert not {"script"} & {tag for tag, _ in page.elements}
    assert len([tag for tag, _ in page.elements if tag == "img"]) == 7
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


@pytest.mark.parametrize(
    "entry", ["seed", "versions", "trained_on", "best", "preprocess", "parameters", "source", "device"]
)
@pytest.mark.parametrize(
    "value", [None, *(pytest.param(other, marks=pytest.mark.slow) for other in ([], "text", 3.5, {"a": {"b": [1]}}))]
)
def test_any_entry_of_run_json_may_be_anything(tmp_path, opened, entry, value):
    run = make_run(tmp_path, epochs=0, splits=())
    assert "It has not been measured yet" in opened(html_report(update_run(run, **{entry: value}))).words


def test_long_texts_are_cut(tmp_path, opened):
    run = update_run(make_run(tmp_path, epochs=0, splits=()), command="x" * 10_000)
    assert "x" * 399 + "…" in opened(html_report(run)).words
    assert "x" * 401 not in opened(html_report(run)).words


@pytest.mark.slow
def test_a_model_that_is_never_sure_enough_is_told(tmp_path, opened):
    run = make_run(tmp_path, n=70)
    labels = np.arange(70) % 7
    found = Predictions(run.predictions("val").id, labels, np.full((70, 7), 1 / 7, np.float32))
    write_predictions(run, "val", "none", found)
    assert "It is never sure enough that four of five answers would be right." in opened(html_report(run)).words


def test_a_written_report_replaces_an_earlier_one(tmp_path):
    run = make_run(tmp_path / "runs", epochs=0, splits=())
    (tmp_path / "r.html").write_text("earlier")
    write_report(run, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text("utf-8")
    assert re.match(r"\s*<!DOCTYPE html>", text)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["r.html"]


@pytest.mark.slow
def test_where_it_fails_is_told_as_far_as_it_was_measured(opened, tmp_path):
    run = make_run(tmp_path / "runs", "frail")
    assert "Where it fails" not in opened(html_report(run)).words
    keep_counts(run, wrong=lambda kind, strength: 10 + (9 if kind == "blur" else 4) * strength)
    assert "suffers most from blur: accuracy 63.0" in opened(html_report(run)).words
