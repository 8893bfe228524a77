"""Notes and names of runs."""

import json

import pytest

from fercore.run_archive import TRASH, put_away
from fercore.run_care import LONGEST_NOTE, NOTE_FILE, note_of, rename_run, write_note
from fercore.run_lock import training_lock
from fercore.runs import RunError, list_runs, open_run, update_run
from tests.factories.runs import make_run


def names(root):
    return [run.name for run in list_runs(root)[0]]


def test_a_note_lies_beside_the_measurements(tmp_path):
    run = make_run(tmp_path, "a")
    before = (run.path / "run.json").read_bytes()
    assert note_of(run) == ""
    write_note(run, " with the new crops \n")
    assert note_of(run) == "with the new crops"
    assert (run.path / "run.json").read_bytes() == before
    write_note(run, "")
    assert not (run.path / NOTE_FILE).exists()
    with pytest.raises(RunError, match="shorten it"):
        write_note(run, "x" * (LONGEST_NOTE + 1))
    (run.path / NOTE_FILE).write_text(json.dumps({"note": 3}))
    with pytest.raises(RunError, match="no text"):
        note_of(run)


def test_a_new_name(tmp_path):
    make_run(tmp_path, "b")
    run = rename_run(make_run(tmp_path, "a"), "c")
    assert (run.name, run.info["name"], names(tmp_path)) == ("c", "c", ["b", "c"])
    for name, problem in {"b": "already", "../d": "will not do", "": "will not do"}.items():
        with pytest.raises(RunError, match=problem):
            rename_run(run, name)


def test_a_training_that_ended_since_the_run_was_read_is_not_forgotten(tmp_path):
    update_run(run := make_run(tmp_path, "a", status="running"), status="finished", best={"epoch": 2})
    assert rename_run(run, "b").info["best"] == {"epoch": 2}
    assert open_run(tmp_path / "b").info["status"] == "finished"


@pytest.mark.parametrize("act", [lambda run: put_away(run, TRASH), lambda run: rename_run(run, "new")])
def test_what_is_trained_or_needed_stays(tmp_path, act):
    run = make_run(tmp_path, "a")
    with training_lock(run.path), pytest.raises(RunError, match="stop it first"):
        act(run)
    whole = make_run(tmp_path, "whole")
    update_run(whole, ensemble={"members": ["a", "b"]})
    with pytest.raises(RunError, match="whole need it"):
        act(run)
    update_run(whole, ensemble=None)
    pupil = make_run(tmp_path, "pupil", status="stopped")
    pupil = update_run(pupil, config={**pupil.info["config"], "training": {"teacher": "a"}})
    with pytest.raises(RunError, match="pupil need it"):
        act(run)
    update_run(pupil, status="finished")
    act(run)
    assert "a" not in names(tmp_path)
