"""The third score on every page that offers it: what most people say in place of the label."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from fercore.charts.style import percent, range_words
from fercore.data.fer2013_ids import known
from fercore.emotions import KNOWN
from fercore.runs import update_run
from tests.dashboard.conftest import headline, words
from tests.factories.runs import make_run
from tests.factories.studies import make_point
from tests.factories.votes import give_answers, make_answering_run, make_judged_run, some_places


@pytest.mark.slow
def test_evaluation_is_against_most_people(open_page, folders):
    people = make_judged_run(folders[0]).metrics("test")["people"]
    app = open_page("evaluation", score="people")
    text = words(app)
    images, model = people["images"], people["model"]
    assert app.metric[0].value == percent(model["value"])
    assert app.metric[0].delta == range_words(model)
    assert f"n = {images['verdict']} of {images['all']}" in text
    assert "PrivateTest as most people see it" in text
    assert "counts as wrong" in text


@pytest.mark.slow
def test_home_and_models_offer_it_for_all_runs(open_page, folders):
    people = make_judged_run(folders[0]).metrics("test")["people"]
    for page in ("home", "models"):
        app = open_page(page, score="people")
        text = words(app)
        size = f"PrivateTest n = {people['images']['verdict']} of {people['images']['all']}"
        assert f"Left out are images on which no answer has more than half of the people: {size}." in text


def test_beside_the_report_the_score_is_named_and_does_not_compare(open_page, folders):
    update_run(make_judged_run(folders[0]), config={"recipe": "report-cnn", "model": {"type": "cnn"}})
    app = open_page("home", score="people")
    settings = json.dumps([one.proto.columns for one in app.dataframe])
    assert "PrivateTest as most people see it" in settings
    assert "ours here by people, so its figures do not compare with these" in words(app)
    assert "stand against our PublicTest column" in words(open_page("home"))


def test_home_chooses_by_what_people_say(open_page, folders):
    answers = {"labels": (["happy"] * 3 + ["angry"], 0.9), "votes": (["happy"] * 4, 0.1)}
    for name, (said, by_labels) in answers.items():
        run = make_answering_run(folders[0], name, some_places(4, "happy", "happy", "val"), said, split="val")
        give_answers(run, some_places(4, "happy", "happy"), said)
        update_run(run, best={"epoch": 1, "metric": "val_accuracy", "value": by_labels})
    assert "`labels`, chosen by its accuracy on PublicTest, has" in words(open_page("home"))
    text = words(open_page("home", score="people"))
    assert "`votes`, chosen by its accuracy on PublicTest as most people see it, has" in text


def test_without_votes_there_is_no_such_score(open_page, folders):
    make_run(folders[0], "a")
    app = open_page("evaluation", score="people")
    assert "There is no `people` score here; shown is `published`." in words(app)
    assert "as most people see it" not in words(app)


@pytest.fixture
def twelve(folders):
    """Twelve images: on nine most people agree, and of these `seven` says so on six, `eight`, who knows contempt, on
    all. Both learned from other data sets."""
    groups = [(4, "happy", "happy"), (3, "angry", "neutral"), (2, "angry", "contempt"), (3, "fear", None)]
    places = np.concatenate([some_places(*group) for group in groups])
    assert len(places) == 12
    said = ["happy"] * 4 + ["neutral", "neutral", "angry"] + ["neutral"] * 2 + ["sad"] * 3
    seven = make_answering_run(folders[0], "seven", places, said)
    eight = make_answering_run(
        folders[0],
        "eight",
        places,
        ["happy"] * 4 + ["neutral"] * 3 + ["contempt"] * 2 + ["sad"] * 3,
        classes=KNOWN[::-1],
    )
    eight = update_run(eight, dataset={**eight.info["dataset"], "fingerprint": "e" * 64})
    return SimpleNamespace(ids=known().ids[places], seven=seven, eight=eight)


NOTE = "Counted are 9 of 12 images, those on which more than half of ten people give the same answer"


def test_errors_are_answers_that_most_people_do_not_give(open_page, twelve):
    app = open_page("errors", run="seven", score="people")
    assert headline(app) == (
        "#### `seven` does not answer as most people do on 3 of 9 images of PrivateTest, 33.3 % (12.1 to 64.6), most "
        "often taking contempt for neutral (2 times). It is at least 90 % sure of none of these answers."
    )
    assert NOTE in words(app)
    shown = app.dataframe[0].value
    assert shown["Image"].tolist() == twelve.ids[[6, 7, 8]].tolist()
    assert shown["True"].tolist() == ["neutral", "contempt", "contempt"]
    assert shown["Label"].tolist() == ["angry"] * 3
    assert shown["Of the true class"].tolist() == ["5.0 %", "0.0 %", "0.0 %"]
    assert "contempt" in app.selectbox(key="true").options


def test_on_errors_people_side_with_the_label_of_the_data(open_page, twelve):
    app = open_page("errors", run="seven", score="people", people="with the model", outcome="all")
    assert app.dataframe[0].value["Image"].tolist() == twelve.ids[[4, 5]].tolist()
    app = open_page("errors", run="seven", score="people", people="with neither", outcome="all")
    assert app.dataframe[0].value["Image"].tolist() == twelve.ids[[6, 7, 8]].tolist()


def test_on_errors_a_model_of_other_classes_is_beside_it(open_page, twelve):
    app = open_page("errors", run="seven", score="people", other="eight")
    app.segmented_control(key="pair").set_value("only first wrong").run()
    assert app.dataframe[0].value["Second says"].tolist() == ["neutral", "contempt", "contempt"]
    assert "eight" not in open_page("errors", run="seven").selectbox(key="other").options


def test_without_an_error_the_page_says_with_whom_the_model_agrees(open_page, twelve):
    app = open_page("errors", run="eight", score="people")
    assert headline(app) == "#### `eight` answers as most people do on all 9 images of PrivateTest."


@pytest.mark.slow
def test_calibration_is_against_most_people(open_page, twelve):
    app = open_page("calibration", run="seven", score="people")
    accuracy = "accuracy 66.7 % on PrivateTest as most people see it (95 % interval 35.4 to 87.9, n = 9 of 12)"
    assert f"mean confidence 70.0 %, {accuracy}" in headline(app)
    assert NOTE in words(app)
    assert "fitted to labels, not to what people say" in words(app)
    assert "n = 12 images with votes" in words(app)
    assert "answers **100.0 % (70.1 to 100.0)** of the faces (9) with accuracy **66.7 %" in words(
        open_page("calibration", run="seven", score="people", threshold="0")
    )


@pytest.mark.slow
def test_runs_are_compared_by_what_most_people_say(open_page, twelve):
    app = open_page("compare", runs=["seven", "eight"], score="people")
    assert headline(app).startswith(
        "#### `eight` is ahead of `seven` on PrivateTest as most people see it by 33.3 points ("
    )
    # three images on which eight alone is right: p = 2 / 2^3
    assert headline(app).endswith(
        "which is within noise: 100.0 % against 66.7 %, n = 9 of 12, exact McNemar p = 0.250."
    )
    assert NOTE in words(app)
    agreement = next(table.value for table in app.dataframe if "Both right" in table.value)
    assert agreement[["Both right", "Only first right", "Wrong alike"]].to_numpy().tolist() in (
        [[6, 0, 0]],
        [[6, 3, 0]],
    )
    published = words(open_page("compare", runs=["seven", "eight"]))
    assert "Left out, because they were measured on another data set than the others: `eight`." in published


@pytest.mark.slow
def test_slices_are_judged_by_people_too(open_page, folders):
    run = make_judged_run(folders[0], n=280)
    images = run.metrics("test")["people"]["images"]
    app = open_page("slices", score="people")
    assert f"on PrivateTest as most people see it (n = {images['verdict']})" in headline(app)
    assert f"Counted are {images['verdict']} of 280 images" in words(app)


def test_the_webcam_says_how_often_its_models_agree_with_most_people(open_page, folders):
    places = some_places(4, "happy", "happy")
    make_answering_run(folders[0], "a", places, ["happy"] * 3 + ["sad"], weights=True)
    text = headline(open_page("webcam", first="a", second="(none)", score="people"))
    assert "has accuracy 75.0 % on PrivateTest as most people see it (95 % interval 30.1 to 95.4)." in text


@pytest.mark.slow
def test_points_of_a_study_are_judged_by_people(open_page, folders):
    places = np.concatenate([some_places(4, "happy", "happy", "val"), some_places(4, "angry", "neutral", "val")])
    said = {"0.1": ["happy"] * 4 + ["angry"] * 4, "0.2": ["happy"] * 4 + ["neutral"] * 4}
    for position, (value, answers) in enumerate(said.items(), 1):
        point = make_point(folders[0], "dropout", value, 0.5, position, points=2, n=8, splits=("val",))
        give_answers(point, places, answers, split="val")
    assert r"0\.1 is ahead with accuracy 100.0 % on PublicTest (" in headline(open_page("experiments"))
    text = headline(open_page("experiments", score="people"))
    assert (
        r"0\.2 is ahead with accuracy 100.0 % on PublicTest as most people see it (95 % interval 67.6 to 100.0)" in text
    )
