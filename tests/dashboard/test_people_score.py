"""The third score: what most people say in place of the label."""

from fercore.charts.style import percent, range_words
from tests.dashboard.conftest import words
from tests.factories.runs import make_run
from tests.factories.votes import make_judged_run


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


def test_home_and_models_offer_it_for_all_runs(open_page, folders):
    people = make_judged_run(folders[0]).metrics("test")["people"]
    for page in ("home", "models"):
        app = open_page(page, score="people")
        text = words(app)
        size = f"PrivateTest n = {people['images']['verdict']} of {people['images']['all']}"
        assert f"Left out are images on which no answer has more than half of the people: {size}." in text


def test_without_votes_there_is_no_such_score(open_page, folders):
    make_run(folders[0], "a")
    app = open_page("evaluation", score="people")
    assert "There is no `people` score here; shown is `published`." in words(app)
    assert "as most people see it" not in words(app)


def test_pages_that_work_image_by_image_do_not_offer_it(open_page, folders):
    make_judged_run(folders[0])
    for page in ("errors", "calibration"):
        assert "There is no `people` score here" in words(open_page(page, score="people"))
