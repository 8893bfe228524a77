"""Notes and tags beside a run."""

import json

import pytest

from fercore.run_care import note_of, write_note
from fercore.run_files import RunError
from fercore.run_notes import LONGEST_TAG, MOST_TAGS, NOTE_FILE, Notes, read_notes, write_notes
from fercore.runs import create_run


@pytest.fixture
def run(tmp_path):
    return create_run(tmp_path, "a", {"config": {}, "classes": ["a", "b"], "dataset": {}})


def test_tags_lie_beside_the_measurements_and_a_note_leaves_them(run):
    before = (run.path / "run.json").read_bytes()
    assert read_notes(run) == Notes()
    write_notes(run, Notes(" mine ", ("b", " a", "b", "")))
    assert read_notes(run) == Notes("mine", ("a", "b"))
    write_note(run, "other")
    assert (read_notes(run), note_of(run)) == (Notes("other", ("a", "b")), "other")
    assert (run.path / "run.json").read_bytes() == before
    write_notes(run, Notes())
    assert not (run.path / NOTE_FILE).exists()


@pytest.mark.parametrize("tags", [["x" * (LONGEST_TAG + 1)], ["a\nb"], [f"{n}" for n in range(MOST_TAGS + 1)]])
def test_tags_that_will_not_do_are_refused_and_nothing_is_written(run, tags):
    with pytest.raises(RunError, match="tag"):
        write_notes(run, Notes("", tuple(tags)))
    assert not (run.path / NOTE_FILE).exists()


@pytest.mark.parametrize("tags", ["a", [3], {"a": 1}])
def test_damaged_tags_are_refused(run, tags):
    (run.path / NOTE_FILE).write_text(json.dumps({"tags": tags}))
    with pytest.raises(RunError, match="list of texts"):
        read_notes(run)
