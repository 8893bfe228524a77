"""Home and Evaluation tell how a model compares with most people, without the data set."""

from fercore.charts.style import with_range
from tests.dashboard.conftest import charts, words
from tests.factories.runs import make_run
from tests.factories.votes import make_judged_run


def test_home_and_evaluation_say_it_in_a_sentence_and_draw_it(open_page, folders):
    people = make_judged_run(folders[0]).metrics("test")["people"]
    images = people["images"]
    for page in ("home", "evaluation"):
        app = open_page(page)
        text = words(app)
        assert f"Most of ten people agree on {images['verdict']} of {images['all']} images of PrivateTest." in text
        assert f"`judged` says the same on {with_range(people['model'])}" in text
        assert f"the label on {with_range(people['label'])}" in text
        assert f"a single person on {with_range(people['person'])}" in text
        sides = people["disagreements"]
        assert f"On the {sides['n']} images where model and label differ" in text
        assert "the other nine" in text
        assert [chart for chart in charts(app) if "a single person" in str(chart)]


def test_evaluation_has_it_by_how_many_people_agree(open_page, folders):
    people = make_judged_run(folders[0]).metrics("test")["people"]
    assert f"is {people['distance']['model']['value']:.3f} (" in words(open_page("evaluation"))


def test_images_that_nobody_voted_on_have_no_such_words(open_page, folders):
    make_run(folders[0], "a")
    for page in ("home", "evaluation"):
        assert "people agree" not in words(open_page(page))
