"""Calibration against people: as many of ten as the model is sure."""

from fercore.charts.style import with_range
from fercore.data.ferplus import votes_on
from fercore.evaluation.reliability import people_reliability
from tests.dashboard.conftest import charts, words
from tests.factories.runs import make_run
from tests.factories.votes import make_judged_run


def test_it_says_how_many_people_say_the_same(open_page, folders):
    run = make_judged_run(folders[0])
    found = run.predictions("test")
    (whole,) = people_reliability(votes_on(found.id), found.probabilities, run.classes, 1).to_dict("records")
    app = open_page("calibration")
    text = words(app)
    assert "Does 70 % sure mean that seven of ten people say so?" in text
    people = f"**{with_range(whole)}** of the people say the same (n = {whole['images']} images with votes"
    assert f"`judged` is 70.0 % sure on average, and {people}" in text
    assert [chart for chart in charts(app) if "People who say the same" in str(chart)]


def test_without_votes_it_says_nothing_of_people(open_page, folders):
    make_run(folders[0], "a")
    assert "seven of ten" not in words(open_page("calibration"))
