"""Report and model card tell how a model compares with most people, where people voted on its images."""

from fercore.charts.people import judged_words, sides_words
from fercore.export.card import people_lines
from fercore.report.page import html_report
from tests.factories.runs import make_run
from tests.factories.votes import make_judged_run


def test_both_say_it_in_the_words_of_the_pages(tmp_path, opened):
    run = make_judged_run(tmp_path)
    people = run.metrics("test")["people"]
    page = opened(html_report(run))
    assert judged_words(people, "PrivateTest") in page.words
    assert sides_words(people) in page.words
    assert people_lines(run) == [
        f"Judged by people (FER+): {judged_words(people, 'PrivateTest', 'The run')} {sides_words(people)}",
        "",
    ]


def test_the_words_name_images_and_intervals(tmp_path):
    people = make_judged_run(tmp_path).metrics("test")["people"]
    words = judged_words(people, "PrivateTest")
    assert words.startswith(f"Most of ten people agree on {people['images']['verdict']} of 140 images of PrivateTest.")
    assert words.count("%") == 3
    assert sides_words(people | {"disagreements": {"n": 0}}) == ""


def test_without_votes_neither_says_anything_of_people(tmp_path, opened):
    run = make_run(tmp_path, "a")
    assert "Most of ten people" not in opened(html_report(run)).words
    assert people_lines(run) == []
