"""The index of runs: what is read once, what is read again, and the file that it is kept in."""

import os
import sqlite3

import pytest

from fercore import run_index
from fercore.index_store import Store
from fercore.run_files import RunError
from fercore.run_index import RunIndex, index_of
from fercore.runs import create_run, update_run
from tests.factories.runs import make_run

INFO = {"config": {}, "classes": ["a", "b"], "dataset": {}}


@pytest.fixture
def opened(monkeypatch):
    """Names of the run folders that were opened, in order."""
    names, real = [], run_index.open_run
    monkeypatch.setattr(run_index, "open_run", lambda path: (names.append(path.name), real(path))[1])
    return names


def test_a_run_is_read_once_and_again_when_it_changes(tmp_path, opened):
    run = create_run(tmp_path, "a", INFO)
    create_run(tmp_path, "b", INFO)
    index = RunIndex(tmp_path)
    assert [run.name for run in index.list()[0]] == ["a", "b"]
    assert [run.name for run in index.list()[0]] == ["a", "b"]
    assert opened == ["a", "b"]
    update_run(run, status="finished")
    assert [run.info["status"] for run in index.list()[0]] == ["finished", "running"]
    assert opened == ["a", "b", "a"]


def test_runs_come_and_go_and_damaged_ones_say_why(tmp_path, opened):
    index = RunIndex(tmp_path / "runs")
    assert index.list() == ([], {})
    create_run(tmp_path / "runs", "a", INFO)
    (tmp_path / "runs" / "empty").mkdir()
    (tmp_path / "runs" / ".hidden").mkdir()
    for _ in range(2):
        runs, problems = index.list()
        assert ([run.name for run in runs], list(problems)) == (["a"], ["empty"])
    assert opened == ["a", "empty"]
    (tmp_path / "runs" / "a" / "run.json").write_text("{")
    assert list(index.list()[1]) == ["a", "empty"]
    os.rename(tmp_path / "runs" / "a", tmp_path / "runs" / ".gone")
    assert list(index.list()[1]) == ["empty"]


def test_one_run_is_found_without_a_look_at_the_others(tmp_path, opened):
    run = create_run(tmp_path, "a", INFO)
    create_run(tmp_path, "b", INFO)
    index = RunIndex(tmp_path)
    assert index.find("a").name == "a"
    assert opened == ["a"]
    update_run(run, status="failed")
    assert index.find("a").info["status"] == "failed"
    assert index.find("c") is None
    assert index.find("../a") is None


def test_a_value_is_worked_out_again_only_when_a_file_changes(tmp_path):
    run, made = create_run(tmp_path, "a", INFO), []
    index = RunIndex(tmp_path)

    def kept(also=""):
        return index.kept(run, "length", [run.path / "x"], lambda: made.append(1) or len(made), also)

    assert (kept(), kept()) == (1, 1)
    (run.path / "x").write_text("1")
    assert (kept(), kept()) == (2, 2)
    assert (kept("other"), kept("other")) == (3, 3)


def test_a_problem_is_kept_as_well(tmp_path):
    run, made = create_run(tmp_path, "a", INFO), []

    def fail():
        made.append(1)
        raise RunError("no such thing")

    for _ in range(2):
        with pytest.raises(RunError, match="no such thing"):
            index_of(tmp_path).kept(run, "x", [], fail)
    assert len(made) == 1


def test_what_is_kept_is_there_at_the_next_start_for_the_same_folder_alone(tmp_path):
    runs, cache = tmp_path / "runs", tmp_path / "cache"
    run, other = create_run(runs, "a", INFO), create_run(tmp_path / "others", "a", INFO)
    first = RunIndex(runs)
    first.keep_in(cache)
    assert first.kept(run, "x", [], lambda: {"deep": [1.5, None]}) == {"deep": [1.5, None]}
    first.close()
    again, elsewhere = RunIndex(runs), RunIndex(tmp_path / "others")
    for index in (again, elsewhere):
        index.keep_in(cache)
    assert again.kept(run, "x", [], pytest.fail) == {"deep": [1.5, None]}
    assert elsewhere.kept(other, "x", [], lambda: 2) == 2
    assert again.list()[0]
    os.rename(runs / "a", runs / ".gone")
    again.list()
    assert not Store(runs, cache).read()


@pytest.mark.parametrize("damage", ["text", "version", "root", "value", "cut"])
def test_a_file_that_cannot_be_trusted_is_made_anew(tmp_path, damage):
    run = create_run(tmp_path / "runs", "a", INFO)
    store = Store(run.path.parent, tmp_path)
    store.write(("a", "x"), "state", 1)
    store.close()
    if damage == "text":
        store.file.write_bytes(b"no database" * 1000)
    elif damage == "cut":
        store.file.write_bytes(store.file.read_bytes()[:5000])
    else:
        with sqlite3.connect(store.file) as connection:
            change = {
                "version": "about SET version = 0",
                "root": "about SET root = '/x'",
                "value": "kept SET value = '{'",
            }
            connection.execute(f"UPDATE {change[damage]}")
        connection.close()
    again = Store(run.path.parent, tmp_path)
    assert again.read() == {}
    again.write(("a", "x"), "state", 2)
    assert again.read() == {("a", "x"): ("state", 2)}


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path):
    run = create_run(tmp_path / "runs", "a", INFO)
    (tmp_path / "file").write_text("")
    index = RunIndex(run.path.parent)
    index.keep_in(tmp_path / "file" / "cache")
    assert index.kept(run, "x", [], lambda: 3) == index.kept(run, "x", [], pytest.fail) == 3


def test_a_figure_that_is_no_number_is_not_kept(tmp_path):
    run = create_run(tmp_path / "runs", "a", INFO)
    for _ in range(2):  # at the next start it is worked out again
        index = RunIndex(tmp_path / "runs")
        index.keep_in(tmp_path / "cache")
        assert index.kept(run, "x", [], lambda: float("inf")) == float("inf")
        index.close()
    assert not Store(tmp_path / "runs", tmp_path / "cache").read()


def test_results_on_other_data_are_apart_from_the_runs_own(tmp_path):
    run = make_run(tmp_path, "a", splits=())
    index = RunIndex(tmp_path)
    other = type(run)(run.path / "evaluations" / "a", run.info)
    assert index.kept(run, "x", [], lambda: 1) == 1
    assert index.kept(other, "x", [], lambda: 2) == 2
    assert index.kept(run, "x", [], pytest.fail) == 1


def test_a_process_holds_few_indexes(tmp_path):
    first = index_of(tmp_path / "0")
    assert index_of(str(tmp_path / "0")) is first
    for number in range(run_index.MOST_FOLDERS):
        index_of(tmp_path / f"{number + 1}")
    assert index_of(tmp_path / "0") is not first


def test_a_run_that_is_put_away_while_the_runs_are_looked_at_is_no_problem(tmp_path, monkeypatch):
    for name in "ab":
        create_run(tmp_path, name, INFO)
    real = run_index.open_run

    def put_away_before(path):
        if path.name == "b":
            (tmp_path / "b").rename(tmp_path / ".b")
        return real(path)

    monkeypatch.setattr(run_index, "open_run", put_away_before)
    runs, problems = RunIndex(tmp_path).list()
    assert ([run.name for run in runs], problems) == (["a"], {})
