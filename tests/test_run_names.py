import os

import pytest

from fercore import run_names
from fercore.run_names import find_run, known_runs, run_name, runs_folder
from fercore.runs import RunError
from tests.factories.runs import make_run


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to stand in, with the runs toy and toy-2 in runs/ and one called other in elsewhere/."""
    for root, name in (("runs", "toy"), ("runs", "toy-2"), ("elsewhere", "other")):
        make_run(tmp_path / root, name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FERCORE_RUNS", raising=False)
    return tmp_path


@pytest.mark.parametrize("given", ["toy", "runs/toy", "runs/toy/", "./runs/toy/", "runs/../runs/toy"])
def test_a_run_is_found_by_name_and_by_path(place, given):
    run = find_run(given)
    assert (run.name, run.path.resolve()) == ("toy", place / "runs" / "toy")


def test_a_path_leads_out_of_the_folder_of_runs(place):
    assert find_run("elsewhere/other", "runs").name == "other"
    assert find_run("other", "elsewhere").name == "other"


def test_standing_among_runs_or_in_one_is_as_good(place, monkeypatch):
    monkeypatch.chdir(place / "elsewhere")
    assert find_run("other", "nowhere").name == "other"
    monkeypatch.chdir(place / "elsewhere" / "other")
    assert find_run(".").name == "other"


def test_of_a_name_and_a_folder_here_the_folder_of_runs_wins(place):
    make_run(place, "toy", epochs=1)
    assert find_run("toy").path == runs_folder() / "toy"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("toyy", r"there is no run 'toyy' in .*/runs; did you mean toy or toy-2\? A run is given by its name in runs/"),
        ("zzz", "it holds toy, toy-2. A run"),
        ("runs/gone/", "there is no run folder runs/gone; see what there is in runs/"),
        ("runs/", "holds no run.json"),
    ],
)
def test_what_is_no_run_is_refused_with_what_there_is(place, given, message):
    with pytest.raises(RunError, match=message):
        find_run(given)


def test_a_setting_names_the_folder_of_runs(place, monkeypatch):
    monkeypatch.setenv("FERCORE_RUNS", str(place / "elsewhere"))
    assert runs_folder() == place / "elsewhere"
    assert find_run("other").name == "other"
    with pytest.raises(RunError, match="or in the folder that FERCORE_RUNS names"):
        find_run("toy")


def test_the_checkout_holds_runs_for_who_stands_elsewhere(place, monkeypatch):
    monkeypatch.setattr(run_names, "_CHECKOUT", place / "elsewhere")
    assert str(runs_folder()) == "runs"
    (place / "empty").mkdir()
    monkeypatch.chdir(place / "empty")
    assert runs_folder() == place / "elsewhere"


@pytest.mark.parametrize("given", ["toy", "runs/toy", "runs/toy/", "not-there-yet"])
def test_the_name_of_a_run_in_a_folder(place, given):
    assert run_name(given, "runs") == os.path.basename(given.rstrip("/"))


def test_a_path_to_another_folder_has_no_name_in_this_one(place):
    with pytest.raises(RunError, match=r"received elsewhere/other, expected a run in .*/runs; name its folder with"):
        run_name("elsewhere/other", "runs")


def test_unreadable_runs_are_warned_about(place):
    (place / "runs" / "broken").mkdir()
    with pytest.warns(UserWarning, match="left out broken: .* holds no run.json"):
        runs = known_runs()
    assert [run.name for run in runs] == ["toy", "toy-2"]
