"""What is cached, and what stays chosen."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from fercore.data.dataset import open_dataset
from fercore.runs import HISTORY_COLUMNS, RunError, update_run
from tests.dashboard.conftest import DASHBOARD, TIMEOUT, opened
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


@pytest.fixture
def state(folders):
    import state

    return state


def page_of_choosers():
    """A page which draws all choosers and says what is chosen."""
    import streamlit as st

    import state

    choice = state.choose_evaluation()
    runs = state.choose_runs(count=2)
    st.text(f"{choice.run.name} {choice.split} {choice.tta} of {' '.join(run.name for run in runs)}")


def test_new_runs_and_epochs_show_up_without_a_restart(state, folders):
    run = make_run(folders[0], "a", epochs=2)
    assert [found.name for found in state.runs()] == ["a"]
    assert len(state.history(run)) == 2
    with (run.path / "history.csv").open("a") as file:
        file.write(",".join(["3", *["0.5"] * (len(HISTORY_COLUMNS) - 1)]) + "\n")
    make_run(folders[0], "b", status="stopped")
    update_run(run, status="failed")
    assert [(found.name, found.status) for found in state.runs()] == [("a", "failed"), ("b", "stopped")]
    assert state.history(run)["epoch"].tolist() == [1, 2, 3]
    shutil.rmtree(run.path)
    assert [found.name for found in state.runs()] == ["b"]


def test_evaluated_again_means_new_figures(state, folders):
    run = make_run(folders[0], "a", accuracy=0.6)
    assert state.metrics(run, "test")["accuracy"]["value"] == 42 / 70
    other = make_run(folders[0], "b", accuracy=0.5, seed=1)
    for name in ("metrics_test.json", "predictions_test.npz"):
        shutil.copy(other.path / name, run.path / name)
    assert state.metrics(run, "test")["accuracy"]["value"] == 35 / 70
    predictions = state.predictions(run, "test")
    assert (predictions.predicted == predictions.label).sum() == 35
    assert not predictions.probabilities.flags.writeable  # shared by all users


def test_the_best_finished_run_comes_first(state, folders):
    make_run(folders[0], "good", accuracy=0.6)
    make_run(folders[0], "better", accuracy=0.7)
    make_run(folders[0], "unfinished", accuracy=0.9, status="stopped")
    nothing = make_run(folders[0], "odd", accuracy=0.8)
    update_run(nothing, best={"metric": "val_accuracy", "value": "0.99"})
    assert [run.name for run in state.ranked(state.runs())][:2] == ["better", "good"]


def test_choices_go_into_the_url_and_come_back(folders):
    make_run(folders[0], "a", accuracy=0.5, tta=("none", "flip"))
    make_run(folders[0], "b", accuracy=0.7)
    app = opened(page_of_choosers)
    assert app.text[0].value == "b test none of b a"
    app.selectbox[0].set_value("a").run()
    app.segmented_control("split_widget").set_value("val").run()
    app.segmented_control("tta_widget").set_value("flip").run()
    assert app.text[0].value == "a val flip of b a"
    expected = {"run": "a", "split": "val", "tta": "flip", "score": "published", "runs": ["b", "a"]}
    assert dict(app.query_params) == expected
    shared = opened(page_of_choosers, run="a", split="val", tta="flip", runs=["a"])
    assert shared.text[0].value == "a val flip of a"


def page_of_some_runs():
    import streamlit as st

    import state

    st.text(" ".join(run.name for run in state.choose_runs(among=state.with_weights(state.runs()))))


def test_a_page_offers_only_the_runs_it_can_show(folders):
    make_run(folders[0], "a", accuracy=0.5, weights=True)
    make_run(folders[0], "b", accuracy=0.7)
    app = opened(page_of_some_runs)
    assert (app.text[0].value, app.multiselect[0].options) == ("a", ["a"])
    asked = opened(page_of_some_runs, runs=["b"])
    assert asked.text[0].value == "a"
    assert "`b`" in asked.warning[0].value


@pytest.mark.slow
def test_choices_survive_a_page_that_does_not_draw_them(open_page, folders):
    make_run(folders[0], "a", accuracy=0.5)
    make_run(folders[0], "b", accuracy=0.7)
    app = open_page("evaluation", run="a", split="val")
    app.switch_page("views/home/page.py").run()
    app.query_params.clear()  # as a click on another page does
    app.switch_page("views/evaluation/page.py").run()
    assert (app.query_params["run"], app.query_params["split"]) == ("a", "val")
    assert app.selectbox(key="run_widget").value == "a"


@pytest.mark.slow
def test_an_unknown_run_in_the_url_is_said_until_another_is_chosen(folders):
    make_run(folders[0], "a", accuracy=0.5)
    make_run(folders[0], "b", accuracy=0.7)
    app = opened(page_of_choosers, run="*gone*", split="train")
    assert [warning.value for warning in app.warning] == [
        "There is no run `*gone*` to show here; shown is `b`.",
        "There are no stored figures of the split `train` to show here; shown is `test`.",
    ]
    assert app.text[0].value.startswith("b test none")
    app.run()
    assert len(app.warning) == 2
    app.selectbox[0].set_value("a").run()
    app.segmented_control("split_widget").set_value("val").run()
    assert not app.warning
    assert app.text[0].value.startswith("a val none")


def test_a_choice_the_run_does_not_offer_is_kept_for_one_that_does(folders):
    make_run(folders[0], "both", accuracy=0.5)
    make_run(folders[0], "only-test", accuracy=0.7, splits=("test",))
    app = opened(page_of_choosers, run="both", split="val")
    app.selectbox[0].set_value("only-test").run()
    assert app.text[0].value.startswith("only-test test")
    app.selectbox[0].set_value("both").run()
    assert app.text[0].value.startswith("both val")


def test_parts_of_studies_are_offered_last_and_are_never_the_default(state, folders):
    update_run(make_run(folders[0], "a-point", accuracy=0.9), study={"name": "s"})
    update_run(make_run(folders[0], "a-fold", accuracy=0.9), kfold={"name": "k", "fold": 1})
    make_run(folders[0], "worse", accuracy=0.5)
    assert next(run.name for run in state.ranked(state.runs())) == "worse"
    app = opened(page_of_choosers)
    assert app.text[0].value.startswith("worse test none of worse ")
    assert app.selectbox[0].options == ["worse", "a-fold", "a-point"]


def test_a_page_may_offer_only_the_runs_it_can_show(folders):
    def page():
        import streamlit as st

        import state

        st.text(state.choose_run(state.with_weights(state.runs())).name)

    make_run(folders[0], "best", accuracy=0.9)
    make_run(folders[0], "heavy", accuracy=0.5, weights=True)
    app = opened(page, run="best")
    assert (app.text[0].value, app.selectbox[0].options) == ("heavy", ["heavy"])
    assert app.warning[0].value == "There is no run `best` to show here; shown is `heavy`."
    assert not opened(page).warning


def test_what_a_model_answers_is_kept_until_its_weights_change(state, folders):
    calls = []

    def first_bias(model, index):
        calls.append(index)
        return next(model.module.parameters())[0, 0, 0, index].item()

    run = make_run(folders[0], "a", weights=True)
    first = state.computed(first_bias, run, 0)
    assert state.computed(first_bias, run, 0) == first
    assert state.computed(first_bias, run, 1) != first
    assert calls == [0, 1]
    make_run(folders[1], "a", weights=True, seed=1)
    shutil.copy(folders[1] / "a" / "model.safetensors", run.path)
    assert state.computed(first_bias, run, 0) != first
    assert [found.name for found in state.with_weights([run, make_run(folders[0], "b")])] == ["a"]
    with pytest.raises(RunError, match="b has no weights"):
        state.computed(first_bias, state.find_run("b"), 0)


def test_no_run_chosen_asks_for_one(folders):
    make_run(folders[0], "a")
    app = opened(page_of_choosers)
    app.multiselect[0].set_value([]).run()
    assert [info.value for info in app.info] == ["Choose at least one run."]
    assert not app.text


def test_a_run_without_figures_names_the_command(folders):
    make_run(folders[0], "a", splits=())
    app = opened(page_of_choosers)
    assert app.info[0].value == "`a` has not been evaluated yet."
    assert app.code[0].value == f"python scripts/evaluate.py a --runs {folders[0]} --data {folders[1]}"


def test_commands_name_only_folders_that_are_not_the_default(state, monkeypatch):
    monkeypatch.delenv("FERCORE_DATA")
    monkeypatch.setenv("FERCORE_RUNS", "/r u")
    assert state.command("scripts/train.py") == "python scripts/train.py --runs '/r u'"
    monkeypatch.delenv("FERCORE_RUNS")
    assert state.command("scripts/train.py") == "python scripts/train.py"
    assert state.runs_root() == DASHBOARD.parent / "runs"


def test_arguments_of_the_command_line_win_and_unknown_ones_are_refused(state, open_page, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["dashboard/Home.py", "--runs", "/elsewhere"])
    assert state.runs_root().as_posix() == "/elsewhere"
    monkeypatch.setattr(sys, "argv", ["dashboard/Home.py", "--rnus", "/elsewhere"])
    app = open_page("dataset")
    assert app.error[0].value == "The dashboard cannot use `--rnus /elsewhere`. Start it like this:"


def test_a_damaged_file_is_a_message_and_not_a_traceback(open_page, folders):
    run = make_run(folders[0], "a")
    (run.path / "metrics_test.json").write_text("{")
    app = open_page("evaluation")
    assert "metrics\\_test\\.json" in app.error[0].value
    assert not app.exception


def test_one_bad_run_does_not_blank_the_others(state, folders):
    def page():
        import streamlit as st

        import state

        st.text(list(state.readable(state.history, state.runs())))

    bad = make_run(folders[0], "bad")
    make_run(folders[0], "good")
    (bad.path / "history.csv").write_text("epoch,*x*\n1,2\n")
    app = opened(page)
    assert app.text[0].value == "['good']"
    assert app.warning[0].value.startswith("`bad` is left out: ")
    assert "columns missing" in app.warning[0].value


def test_the_data_set_is_found_matched_and_told_damaged(state, folders):
    assert state.dataset() is None
    assert "no data set" in state.dataset_problem()
    dataset = make_dataset(folders[1], per_class=2)
    assert state.dataset_problem() is None
    same, other = make_run(folders[0], "same", dataset=dataset), make_run(folders[0], "other")
    assert [state.dataset_matches(run) for run in (same, other)] == [True, False]
    assert state.image_rows([dataset.ids[3], "unknown", dataset.ids[0]]).tolist() == [3, -1, 0]
    assert np.array_equal(state.dataset_average_faces(), same.average_faces())
    (folders[1] / "images.npy").write_bytes(b"")
    assert state.dataset() is None
    assert "damaged" in state.dataset_problem()


def test_another_data_set_in_the_same_folder_is_not_mixed_up(state, folders):
    make_dataset(folders[1], per_class=2)
    assert len(state.dataset().ids) == 42
    shutil.rmtree(folders[1])
    make_dataset(folders[1], per_class=1, seed=3)
    assert len(state.dataset().ids) == 21
    assert np.array_equal(state.dataset().images, open_dataset(folders[1]).images)


@pytest.mark.slow
def test_home_needs_no_torch(folders):
    make_run(folders[0])
    script = (
        "import sys; from streamlit.testing.v1 import AppTest; "
        f"app = AppTest.from_file({str(DASHBOARD / 'Home.py')!r}, default_timeout={TIMEOUT}).run(); "
        "print(app.title[0].value, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "FER workbench False"
