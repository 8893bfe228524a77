"""The archive and the trash folder of runs: out of the lists, and back as they were."""

from datetime import UTC, datetime

import pytest

from fercore.run_archive import ARCHIVE, TRASH, list_put_away, put_away, take_back
from fercore.run_lock import training_lock
from fercore.runs import RunError, list_runs, open_run
from tests.factories.runs import make_run


def names(root):
    return [run.name for run in list_runs(root)[0]]


@pytest.mark.parametrize("folder", [ARCHIVE, TRASH])
def test_a_run_goes_and_comes_back_as_it_was(tmp_path, folder):
    run = make_run(tmp_path, "a-20260101-000000")  # a name like those that recipes give
    make_run(tmp_path, "b")
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    went = put_away(run, folder)
    assert (went.path.parent, names(tmp_path)) == (tmp_path / folder, ["b"])
    [found] = list_put_away(tmp_path)
    assert found == went
    assert abs((datetime.now(UTC) - found.time).total_seconds()) < 3600
    back = take_back(found)
    assert (back.name, names(tmp_path)) == (run.name, [run.name, "b"])
    assert {path.name: path.read_bytes() for path in back.path.iterdir()} == before
    assert list_put_away(tmp_path) == []


def test_of_runs_of_one_name_each_comes_back_where_the_name_is_free(tmp_path):
    first = put_away(make_run(tmp_path, "a", seed=1), TRASH)
    second = put_away(make_run(tmp_path, "a", seed=2), ARCHIVE)
    assert list_put_away(tmp_path) == [second, first]
    take_back(first)
    with pytest.raises(RunError, match="rename that first"):
        take_back(second)
    with pytest.raises(RunError, match="rename that first"):
        take_back(first)
    put_away(open_run(tmp_path / "a"), TRASH)
    with pytest.raises(RunError, match="not there any more"):
        take_back(first)
    assert take_back(second).name == "a"


def test_what_is_trained_stays_and_nothing_goes_through_a_link(tmp_path):
    run = make_run(tmp_path / "runs", "a")
    with training_lock(run.path), pytest.raises(RunError, match="cannot be archived; stop it first"):
        put_away(run, ARCHIVE)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "runs" / TRASH).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="is a link"):
        put_away(run, TRASH)
    assert names(tmp_path / "runs") == ["a"]


def test_strange_folders_are_no_runs(tmp_path):
    for name in ("a", "a-20269901-000000-000000", "notes-20260101-000000"):
        (tmp_path / TRASH / name).mkdir(parents=True)
    assert list_put_away(tmp_path) == list_put_away(tmp_path / "missing") == []
