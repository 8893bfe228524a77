"""Run folders and data sets that somebody else made: one bad folder costs a sentence, never a page."""

import json
import os
import shutil

import numpy as np
import pytest

from fercore.histories import HISTORY_COLUMNS
from fercore.runs import read_json, update_run, write_npz
from tests.dashboard.conftest import PAGES, words
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

LONE = '"\\ud800"'
NOT_JSON = {
    "lone surrogate": '{"problem": ' + LONE + "}",
    "surrogate key": "{" + LONE + ": 1}",
    "integer of 10^400": '{"parameters": 1' + "0" * 400 + "}",
    "nested 100,000 deep": "[" * 100_000,
    "a list of 100,000": '{"config": {"model": {"dense": [' + "8," * 99_999 + "8]}}}",
}


def damage(run, name, text):
    """Put text into a JSON file of a run, before the end of what it holds, or in its place where it is no object."""
    file = run.path / name
    content = file.read_text() if file.exists() else '{"machine": "m", "measured": "now", "engines": {}}'
    file.write_text(f"{content.rstrip()[:-1]}, {text[1:]}" if text[0] == "{" else text)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A good run, and one for each way in which a stranger's files can break their readers."""
    folders = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("data") / "d"
    dataset = make_dataset(folders[1], per_class=2)
    make_run(folders[0], "good", dataset=dataset, weights=True)
    for number, text in enumerate(NOT_JSON.values()):
        damage(make_run(folders[0], f"run-{number}", n=14), "run.json", text)
        damage(make_run(folders[0], f"speed-{number}", n=14), "speed.json", text)
        damage(make_run(folders[0], f"metrics-{number}", n=14), "metrics_test.json", text)
    header = ",".join([*HISTORY_COLUMNS, *(f"c{number}" for number in range(20_000))])
    (make_run(folders[0], "wide", n=14).path / "history.csv").write_text(f"{header}\n{'1,' * 20_007}1\n")
    odd = make_run(folders[0], "odd-ids", n=14)
    found = odd.predictions("test")
    ids = found.id.copy()
    ids.view("u4")[0] = 0xD800
    write_npz(odd.path / "predictions_test.npz", id=ids, label=found.label, probabilities=found.probabilities)
    endless = make_run(folders[0], "endless", n=14)
    for name in ("history.csv", "metrics_val.json"):
        (endless.path / name).unlink()
        (endless.path / name).symlink_to("/dev/zero")
    (endless.path / "speed.json").unlink(missing_ok=True)
    os.mkfifo(endless.path / "speed.json")
    large = make_run(folders[0], "large", n=14)
    numbers = {"parameters": 2**63 - 1, "threads": -(2**63), "seed": 2**62, "best": {"epoch": 2**62, "value": 1e308}}
    study = {"name": "s", "label": "x", "position": 2**62, "seed": -1, "varied": {"a": 1e308}, "budget": {}}
    update_run(
        large, **numbers, study=study, kfold={"name": "k", "folds": 2**62, "scores": [[[]]]}, problem="x" * 90_000
    )
    return folders


@pytest.fixture
def strange(built, monkeypatch):
    """Folders of runs and of the data set, as `built` left them."""
    for name, folder in zip(("FERCORE_RUNS", "FERCORE_DATA"), built, strict=True):
        monkeypatch.setenv(name, str(folder))
    return built


@pytest.mark.rest_slow
@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_lost_to_the_folders_of_strangers(open_page, strange, page):
    app = open_page(page)
    words(app)  # no exception
    assert app.title[0].value


@pytest.mark.rest_slow
@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_lost_to_a_run_that_is_chosen(open_page, strange, page):
    app = open_page(page, run="large")
    words(app)  # no exception
    assert app.title[0].value


@pytest.mark.rest_slow
@pytest.mark.parametrize("text", NOT_JSON.values(), ids=NOT_JSON)
def test_home_and_data_outlive_a_data_set_of_a_stranger(open_page, strange, folders, monkeypatch, text):
    monkeypatch.setenv("FERCORE_DATA", str(shutil.copytree(strange[1], folders[1])))
    file = folders[1] / "dataset.json"
    content = json.dumps(read_json(file))
    file.write_text(f"{content[:-1]}, {text[1:]}" if text[0] == "{" else text)
    for page in ("home", "dataset"):
        assert open_page(page).title[0].value
        words(open_page(page))


def test_what_is_wrong_with_a_folder_is_told_on_home(open_page, strange):
    told = words(open_page("home"))
    assert "a text that cannot be encoded" in told
    assert np.count_nonzero([f"run-{number}" in told for number in range(len(NOT_JSON))]) == len(NOT_JSON)
