"""The slices page: its sentence, its choosers, a second run, a file of the visitor's own, and the search."""

import numpy as np
import pytest

from tests.dashboard.conftest import charts, headline, links, words
from tests.factories.runs import make_run
from tests.factories.votes import make_judged_run


@pytest.fixture
def run(folders):
    return make_judged_run(folders[0], n=280)


def lines_of(ids, name, values):
    rows = [f"{id_},{name},{value}" for id_, value in zip(ids, values, strict=True)]
    return "\n".join(["id,name,value", *rows]).encode()


def test_it_opens_with_a_sentence_and_draws_every_attribute(open_page, run):
    app = open_page("slices")
    assert "on PrivateTest (n = 280)" in headline(app)
    names = [chart["title"]["text"] for chart in charts(app)[:4]]
    assert names == ["brightness", "contrast", "sharpness", "agreement of people"]
    rows = app.dataframe[0].value
    images = rows["Images"].str.rstrip("*").astype(int).groupby(rows["Attribute"]).sum()
    assert images["brightness"] == 280
    assert links(app, "Open") == ["slice=brightness%3A+low+of+3"]
    app.selectbox[-1].select("agreement of people: 10 of 10").run()
    assert links(app, "Open") == ["slice=agreement+of+people%3A+10+of+10"]


@pytest.mark.slow
def test_fewer_attributes_pairs_and_five_groups(open_page, run):
    app = open_page("slices", groups="5", pairs="true")
    app.button_group[-1].set_value(["brightness", "contrast"]).run()
    rows = app.dataframe[0].value
    assert set(rows["Attribute"]) == {"brightness and contrast"}
    assert len(rows) > 9


@pytest.mark.slow
def test_two_runs_beside_each_other(open_page, run, folders):
    make_judged_run(folders[0], "second", n=280)
    app = open_page("slices", run="judged", beside="second")
    assert set(app.dataframe[0].value["Run"]) == {"judged", "second"}
    legend, chart = charts(app)[:2]
    assert "second" in str(legend)
    assert "second" in chart["layer"][1]["encoding"]["color"]["scale"]["domain"]


@pytest.mark.slow
def test_a_weak_slice_of_a_visitor_s_file_is_named_with_a_caution(open_page, run):
    found = run.predictions("test")
    wrong = found.predicted != found.label
    weak = wrong | (np.arange(len(wrong)) % 9 == 0)
    before = {file: file.read_bytes() for file in run.path.iterdir()}
    app = open_page("slices")
    mine = lines_of(found.id, "apparent age", np.where(weak, "old", "young"))
    app.file_uploader[0].upload("mine.csv", mine, "text/csv").run()
    assert "where apparent age is old" in headline(app)
    assert "apparent age may tell groups of people apart" in words(app)
    assert {file: file.read_bytes() for file in run.path.iterdir()} == before


def test_a_file_that_is_no_table_of_slices_is_refused_in_words(open_page, run):
    app = open_page("slices")
    app.file_uploader[0].upload("mine.csv", b"a,b\n1,2\n", "text/csv").run()
    assert "no column" in app.error[0].value
    assert app.dataframe  # the page goes on


def test_a_search_says_what_it_did(open_page, run):
    app = open_page("slices", search="true")
    assert "large enough to search" in words(app) or "searched on one half of the images" in words(app)


def test_of_images_that_nothing_is_known_of_it_says_so(open_page, folders):
    make_run(folders[0], "a")
    assert "Nothing is known of these images yet" in words(open_page("slices"))
