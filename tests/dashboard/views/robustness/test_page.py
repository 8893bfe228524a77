"""The robustness page: its sentences, lines, cells and tables, several runs, and where nothing was measured."""

import pytest

from fercore.evaluation.elsewhere import place
from fercore.evaluation.robustness import BASELINE, robustness_file
from fercore.runs import update_run
from tests.dashboard.conftest import captions, charts, headline, words
from tests.factories.data import make_dataset
from tests.factories.robustness import keep_counts
from tests.factories.runs import make_run


@pytest.fixture
def runs(folders):
    made = [make_run(folders[0], name) for name in ("a", BASELINE)]
    keep_counts(made[0], wrong=lambda kind, strength: {"noise": 9, "hand": 8}.get(kind, 4) * strength + 10)
    keep_counts(made[1], wrong=lambda kind, strength: 10 + 8 * strength)
    return made


def test_it_opens_with_the_two_worst_disturbances(open_page, runs):
    app = open_page("robustness", runs="a")
    assert "`a` has an accuracy of 90.0 % on 100 images of PrivateTest" in headline(app)
    assert "under noise (63.0 %" in headline(app)
    assert "and hand (66.0 %" in headline(app)
    said = words(app)
    assert f") of that of {BASELINE}" in said
    assert "Changes too small to see turn 4.0 % of its answers" in said
    assert "Under no kind is accuracy higher at a strength than at the one before." in said
    assert "chosen so that 80 % of sure answers are right; under" in said


@pytest.mark.slow
def test_names_in_an_untrusted_file_are_no_markdown(open_page, folders):
    keep_counts(make_run(folders[0], "a"), split_name="![x](http://example.org/x.png)")
    assert "images of \\!\\[x\\]" in headline(open_page("robustness", runs="a"))


def test_the_worst_kinds_one_kind_by_strength_cells_and_tables(open_page, runs):
    app = open_page("robustness", runs="a", kind="mask")
    kinds, line, cells = charts(app)
    assert kinds["layer"][2]["encoding"]["y"]["sort"][:2] == ["noise", "hand"]
    assert line["title"]["text"] == "Accuracy under mask"
    assert cells["layer"][0]["encoding"]["y"]["sort"][:2] == ["noise", "hand"]
    over_all, kinds = app.dataframe[0].value, app.dataframe[1].value
    assert over_all["Worst disturbance"][0].startswith("noise: 63.0 %")
    assert kinds["Disturbance"][0] == "noise"
    assert len(kinds) == 18


@pytest.mark.slow
def test_runs_beside_each_other_and_another_figure(open_page, runs):
    app = open_page("robustness", runs=["a", BASELINE], figure="Sure answers that are right")
    assert app.dataframe[0].value["Run"].tolist() == ["a", BASELINE]
    assert app.dataframe[0].value["Mean corruption error"][1] == "100.0 % (100.0 to 100.0)"
    _, kinds, line, *cells = charts(app)  # the first is the legend
    for chart in (kinds, line):
        assert chart["layer"][1]["encoding"]["color"]["scale"]["domain"] == ["a", BASELINE]
    assert line["title"]["text"] == "Sure answers that are right under noise"
    assert len(cells) == 2


@pytest.mark.slow
def test_pictures_of_each_strength_on_average_faces(open_page, runs):
    app = open_page("robustness", kind="mask")
    assert captions(app)[:6] == ["as it is", *(f"strength {strength}" for strength in range(1, 6))]
    app = open_page("robustness", kind="mirrored")
    assert captions(app)[:3] == ["as it is", "strength 1", "as it is"]


def test_where_nothing_was_measured_it_offers_to(open_page, folders):
    dataset = make_dataset(folders[1])
    make_run(folders[0], "a", dataset=dataset, weights=True)
    app = open_page("robustness")
    assert "No run here was measured on disturbed pictures yet." in words(app)
    assert [button.label for button in app.button] == ["Measure it"]
    assert captions(app)


def test_without_data_it_names_the_command(open_page, folders):
    make_run(folders[0], "a")
    assert "scripts/robustness.py RUN" in words(open_page("robustness"))


@pytest.mark.slow
def test_a_damaged_file_is_told_and_the_others_shown(open_page, runs):
    robustness_file(runs[1], "test").write_bytes(b"half")
    app = open_page("robustness", runs=["a", BASELINE])
    assert "not a readable npz" in words(app)
    assert app.dataframe[0].value["Run"].tolist() == ["a"]


def test_a_badge_is_of_the_images_that_are_shown(open_page, runs, tmp_path):
    learned = update_run(runs[0], trained_on={"splits": ["train", "test"], "pretraining": None, "teacher": None})
    keep_counts(place(learned, make_dataset(tmp_path / "away", per_class=1)))
    assert "includes PrivateTest" in headline(open_page("robustness", runs="a", robustness_data="its own"))
    assert "includes" not in headline(open_page("robustness", runs="a", robustness_data="away"))


@pytest.mark.slow
def test_another_data_set_and_split_are_chosen_in_the_address(open_page, runs, tmp_path):
    away = place(runs[0], make_dataset(tmp_path / "away", per_class=1))
    keep_counts(away, "val", wrong=lambda kind, strength: 20 + strength, split_name="PublicTest of away")
    app = open_page("robustness", runs="a", robustness_data="away", robustness_split="val")
    assert "`a` has an accuracy of 80.0 % on 100 images of PublicTest of away." in headline(app)
    assert "`a`: accuracy of each kind and strength" in [expander.label for expander in app.expander]
    app = open_page("robustness", runs="a", robustness_data="away", robustness_split="test")
    assert "None of these runs was measured on away, test." in words(app)
