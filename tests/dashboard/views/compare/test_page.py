"""The Compare page: who is ahead and by more than noise, on which images runs disagree, and which one to choose."""

import json
from types import SimpleNamespace
from urllib.parse import parse_qs

import numpy as np
import pytest

from fercore.evaluation.paired import mcnemar, paired_difference
from fercore.runs import Predictions, update_run, write_predictions
from tests.dashboard.conftest import captions, charts, headline, words
from tests.factories.copies import make_copies
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


def table(app, column):
    """The first table that has a column, by its first column."""
    found = next(frame.value for frame in app.dataframe if column in frame.value.columns)
    return found.set_index(found.columns[0])


def compare(open_page, *names, **query):
    return open_page("compare", runs=list(names), **query)


def chart_titles(app):
    return [spec.get("title") for spec in charts(app)]


@pytest.fixture
def two(folders):
    """Two runs on the same 700 images: with one seed, what the weaker is right on is part of what the better is."""
    return [make_run(folders[0], name, n=700, accuracy=share) for name, share in (("good", 0.65), ("fair", 0.6))]


@pytest.fixture
def pictured(folders):
    """Two runs that are right on different images of a data set that is there; the first has weights."""
    dataset = make_dataset(folders[1], per_class=6)
    settings = {"dataset": dataset, "accuracy": 0.5}
    return [make_run(folders[0], "a", seed=1, weights=True, **settings), make_run(folders[0], "b", seed=2, **settings)]


def test_it_opens_with_who_is_ahead_and_whether_that_is_noise(open_page, two):
    # 455 and 420 of 700; only the better one is right on 35 images and the other alone on none: p = 2 / 2^35.
    right = [found.predicted == found.label for found in (run.predictions("test") for run in two)]
    bounds = paired_difference(*right)
    low, high = (f"{100 * bounds[end]:.1f}" for end in ("low", "high"))
    assert headline(open_page("compare")) == (
        f"#### `good` is ahead of `fair` on PrivateTest by 5.0 points ({low} to {high}), which is more than noise: "
        "65.0 % against 60.0 %, n = 700, exact McNemar p < 0.001."
    )


@pytest.mark.slow
def test_a_difference_within_noise_is_called_so(open_page, folders):
    runs = [
        make_run(folders[0], name, seed=seed, accuracy=share) for seed, name, share in ((0, "a", 0.6), (1, "b", 0.63))
    ]
    answers = [run.predictions("test") for run in runs]
    p = mcnemar(*(found.predicted == found.label for found in answers))
    text = headline(open_page("compare"))
    assert "`b` is ahead of `a`" in text
    assert f"which is within noise: 62.9 % against 60.0 %, n = 70, exact McNemar p = {p:.3f}." in text


def test_equal_runs_are_called_equal(open_page, folders):
    for name in "ab":
        make_run(folders[0], name)
    text = headline(open_page("compare"))
    assert text.startswith("#### `a` and `b` have the same accuracy on PrivateTest: 60.0 % against 60.0 %, n = 70,")
    assert text.endswith("exact McNemar p = 1.000.")


@pytest.mark.slow
def test_all_are_compared_with_the_best_and_p_is_corrected(open_page, two, folders):
    make_run(folders[0], "poor", n=700, accuracy=0.3)
    app = compare(open_page, "poor", "fair", "good")
    assert headline(app).endswith("corrected for 3 pairs.")
    assert "Beside `good`: poor (35.0 points less) is worse by more than noise." in words(app)
    found = table(app, "p (Holm)")
    assert found.index.tolist() == ["good", "fair", "poor"]
    assert found["Accuracy on PrivateTest"].tolist()[0] == "65.0 % (61.4 to 68.4)"
    assert found["Only the best is right"].tolist() == ["", "35", "245"]
    assert found["Only this run is right"].tolist() == ["", "0", "0"]
    assert found["Verdict"].tolist() == ["best", "worse", "worse"]


@pytest.mark.slow
def test_the_clean_score_compares_without_copies_and_leaves_out_a_run_of_unknown_ones(open_page, two, folders):
    make_run(folders[0], "apart", n=700)
    answers = [run.predictions("test") for run in two]
    only = answers[0].id[(answers[0].predicted == answers[0].label) & (answers[1].predicted != answers[1].label)]
    make_copies(folders[1], two[0], only[:30])  # of the 35 images that only the better one is right on
    app = compare(open_page, "good", "fair", score="clean")
    text = headline(app)
    assert "on PrivateTest without copies by 0.7 points" in text  # 425 and 420 of 670
    figures = f"{100 * 425 / 670:.1f} % against {100 * 420 / 670:.1f} %, n = 670 of 700"
    assert f"{figures}, exact McNemar p = 0.062" in text  # 2 / 2^5
    assert table(app, "p (Holm)")["Accuracy on PrivateTest without copies"].tolist()[0].startswith("63.4 %")
    update_run(two[1], dataset={**two[1].info["dataset"], "fingerprint": "0" * 64})
    app = compare(open_page, "good", "fair", "apart", score="clean")
    assert "measured on another data set than the others: `fair`" in words(app)
    assert "`good` is ahead of `apart`" in headline(app)


@pytest.mark.slow
def test_validation_figures_come_with_a_note(open_page, two):
    note = "Epochs were chosen on PublicTest, so these figures are optimistic."
    assert note in words(compare(open_page, "good", "fair", split="val"))
    assert note not in words(compare(open_page, "good", "fair"))


def test_runs_without_predictions_are_named_with_what_to_run(open_page, two, folders):
    make_run(folders[0], "new", splits=("val",))
    text = words(compare(open_page, "good", "new", "fair"))
    assert "`new` is left out: new has no predictions for test; run: `python scripts/evaluate.py new --split test`" in (
        text.replace("\\", "")
    )
    assert "`good` is ahead of `fair`" in text


@pytest.mark.slow
def test_runs_are_compared_on_the_images_they_share(open_page, two, folders):
    answered = two[1].predictions("test")
    part = Predictions(answered.id[:40], answered.label[:40], answered.probabilities[:40])
    write_predictions(two[1], "test", "none", part)
    app = open_page("compare")
    assert "The 40 images that all of these runs answered for are compared" in words(app)
    assert "Some answered for more: `good` 700." in words(app)
    assert "n = 40" in headline(app)


def test_a_run_of_other_images_is_left_out(open_page, two, folders):
    strange = make_run(folders[0], "strange")
    answered = strange.predictions("test")
    write_predictions(strange, "test", "none", Predictions(answered.id + "x", answered.label, answered.probabilities))
    app = compare(open_page, "good", "strange", "fair")
    assert "none of the images they answered for is the others': `strange`" in words(app)
    assert "n = 700" in headline(app)


def test_probabilities_that_are_none_leave_a_run_out(open_page, two):
    answered = two[1].predictions("test")
    write_predictions(two[1], "test", "none", Predictions(answered.id, answered.label, answered.probabilities * 2))
    app = open_page("compare")
    assert "`fair` is left out" in words(app)
    assert "`good` has accuracy 65.0 %" in headline(app)


@pytest.mark.slow
def test_a_contaminated_run_is_never_best_and_stands_apart(open_page, two, folders):
    seen = {"splits": ["train", "val", "test"]}
    update_run(make_run(folders[0], "cheat", n=700, accuracy=0.9), trained_on=seen)
    update_run(make_run(folders[0], "stranger", n=700, accuracy=0.8), trained_on={"splits": None})
    app = compare(open_page, "cheat", "good", "stranger", "fair")
    assert headline(app).startswith("#### `good` is ahead of `fair`")
    text = words(app)
    assert "in no ranking: `cheat` :orange-badge[:material/warning: training data includes PrivateTest]" in text
    assert "`stranger` :orange-badge[:material/warning: training data unknown]" in text
    assert table(app, "p (Holm)").index.tolist() == ["good", "fair"]
    ranked, apart = (frame.value for frame in app.dataframe if frame.value.columns[0] == "What")
    assert ranked.columns.tolist() == ["What", "good", "fair"]
    assert apart.columns.tolist() == ["What", "cheat", "stranger"]
    assert apart.set_index("What").loc["Accuracy", "cheat"].endswith(") ⚠ contaminated")
    assert apart.set_index("What").loc["Contamination"].tolist() == [
        "training data includes PrivateTest",
        "training data unknown",
    ]
    specs = [json.dumps(spec, ensure_ascii=False) for spec in charts(app)]
    assert not any('"cheat"' in spec or '"stranger"' in spec for spec in specs)  # in the matrix they carry the sign
    assert any('"cheat ⚠ contaminated"' in spec for spec in specs)


@pytest.mark.slow
def test_without_a_clean_run_there_is_no_ranking(open_page, folders):
    for name in "ab":
        update_run(make_run(folders[0], name), trained_on={"splits": None})
    app = open_page("compare")
    assert "No run here is known never to have seen the images of PrivateTest" in headline(app)
    assert [frame.value.columns.tolist() for frame in app.dataframe][1:] == [["What", "a", "b"]]


@pytest.mark.slow
def test_one_run_alone_asks_for_another(open_page, two):
    app = compare(open_page, "good")
    assert headline(app).endswith("n = 700); choose another run to compare it with.")
    assert "Where they agree" not in words(app)
    assert "McNemar" not in words(app)
    update_run(two[1], trained_on={"splits": None})
    ending = "n = 700); what else was chosen may have seen them, so it is compared with none."
    assert headline(compare(open_page, "good", "fair")).endswith(ending)


@pytest.mark.slow
def test_two_runs_are_chosen_where_another_page_left_one(open_page, two):
    app = open_page("training", runs=["fair"])
    app.query_params.clear()  # as a click on another page does
    app.switch_page("views/compare/page.py").run()
    assert app.query_params["runs"] == ["fair", "good"]


def test_without_evaluations_it_says_what_to_run_and_still_shows_the_card(open_page, folders):
    make_run(folders[0], "a", splits=())
    text = words(open_page("compare"))
    assert "None of these runs has been evaluated yet" in text
    assert "python scripts/evaluate.py a" in text
    assert "Reported by its author" in text


def test_figures_of_each_emotion_can_be_switched(open_page, two):
    assert "F1" in chart_titles(open_page("compare"))
    titles = chart_titles(open_page("compare", figure="Recall"))
    assert "Recall" in titles
    assert "F1" not in titles


def test_agreement_of_each_pair_is_counted(open_page, two):
    first, second = (run.predictions("test") for run in two)
    row = table(open_page("compare"), "The same").iloc[0]
    right = [found.predicted == found.label for found in (first, second)]
    assert row["The same"] == f"{100 * np.mean(first.predicted == second.predicted):.1f} %"
    assert row[["Both right", "Only first right", "Only second right"]].tolist() == [420, 35, 0]
    assert row["Wrong alike"] + row["Wrong, differently"] == (~right[0] & ~right[1]).sum()


@pytest.mark.parametrize(
    ("cell", "chosen"),
    [
        ([{"first": "a ⚠ contaminated", "second": "b"}], {"first": "a", "second": "b"}),
        ([{"first": "b", "second": "b"}], {}),
        ([{"first": ["b"], "second": "<script>"}], {}),
        ([], {}),
    ],
)
def test_a_clicked_cell_chooses_two_runs_that_are_drawn(folders, monkeypatch, cell, chosen):
    from views.compare import agreement

    clicked = {agreement.CHART: SimpleNamespace(selection={"pair": cell})}
    monkeypatch.setattr(agreement.st, "session_state", clicked)
    agreement.choose_pair({"a ⚠ contaminated": "a", "b": "b"})
    assert {key: clicked[key] for key in clicked if key != agreement.CHART} == chosen


@pytest.mark.slow
def test_images_of_a_disagreement_are_shown_and_lead_to_explain(open_page, pictured):
    app = compare(open_page, "a", "b", first="a", second="b", disagree="only the second is right")
    first, second = (run.predictions("test") for run in pictured)
    rows = (first.predicted != first.label) & (second.predicted == second.label)
    assert 0 < rows.sum() <= 24
    shown = captions(app)
    assert len(shown) == rows.sum()
    assert all("② ✓" in caption.replace("\u00a0", " ") for caption in shown)
    asked = [parse_qs(link.proto.query_string) for link in app.get("page_link")]
    assert sorted(link["ids"] for link in asked) == sorted([name] for name in first.id[rows])
    assert all(link["runs"] == ["a"] for link in asked)
    assert "Without weights, `b` cannot be explained." in words(app)
    app.segmented_control(key="disagree").set_value("both wrong, differently").run()
    apart = (first.predicted != second.predicted) & (first.predicted != first.label) & (second.predicted != first.label)
    assert len(captions(app)) == min(apart.sum(), 24)
    assert "both are wrong" in words(app)


def test_without_pictures_the_ids_are_shown_with_how_to_get_them(open_page, two):
    app = compare(open_page, "good", "fair")
    assert "The gallery needs the pictures of FER2013" in words(app)
    first, second = (run.predictions("test") for run in two)
    shown = table(app, "① says")
    assert len(shown) == 24
    place = {name: row for row, name in enumerate(first.id)}
    for name, row in shown.iterrows():
        probability = first.probabilities[place[name]].max()
        assert row["① says"] == f"{row['True']}, {100 * probability:.0f} %"
        assert second.predicted[place[name]] != second.label[place[name]]


def test_a_kind_of_disagreement_without_images_says_so(open_page, two):
    app = compare(open_page, "good", "fair", disagree="only the second is right")
    assert "There is no such image." in words(app)


@pytest.mark.slow
def test_the_choice_table_says_what_a_run_is_worth(open_page, folders):
    run = make_run(folders[0], "a", n=700, weights=True)
    make_run(folders[0], "b", n=700, accuracy=0.5)
    app = open_page("compare")
    found = table(app, "a").loc
    report = run.metrics("test")
    macro = report["macro_f1"]["value"]
    assert found["Accuracy", "a"] == "60.0 % (56.3 to 63.6)"
    assert found["Macro-F1", "a"].startswith(f"{100 * macro:.1f} % (")
    assert found["Parameters", "a"] == "123,456"
    assert found["Weights", "a"] == f"{(run.path / 'model.safetensors').stat().st_size / 1e6:.1f} MB"
    assert found["Weights", "b"] == found["One face", "b"] == "– no weights here"
    assert found["One face", "a"] == "not measured"
    assert found["Licence", "a"] == "trained here: none of its own"
    app.button(key="others_speed").click().run()
    time = table(app, "a").loc["One face", "a"]
    assert time.endswith(" ms")
    assert float(time.removesuffix(" ms")) > 0


def test_the_card_is_reported_with_caution_and_ranked_with_nobody(open_page, two):
    app = compare(open_page, "good", "fair", card="true")
    text = words(app)
    assert "reports 90.9 % (90.6 to 91.3) of 25,170 test images" in text
    assert "copies of one image stand on both sides" in text
    shown = table(app, "Precision")
    assert shown.loc["fear", "Recall"] == "85.3 % (84.1 to 86.4)"
    assert "90.9" not in headline(app)
    assert "Confusion matrix" in chart_titles(app)


def test_names_and_notes_from_a_strangers_folder_are_no_markdown(open_page, two):
    hostile = "![x](http://evil.example/p.png) **bold**"
    update_run(
        two[0],
        source={"license": hostile},
        dataset={**two[0].info["dataset"], "split_names": {"test": hostile}},
        parameters=hostile,
    )
    app = compare(open_page, "good")
    text = words(app)
    assert "](http://evil" not in text
    assert "**bold" not in text
    assert table(app, "good").loc["Parameters", "good"] == ""
