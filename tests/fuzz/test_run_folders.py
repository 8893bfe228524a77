"""Run folders with one thing in them changed at random: every reader returns, or says in words what is wrong.

The same changes each time; four times as many where FERCORE_REQUIRE holds "slow", for about half a minute.
`FUZZ_EXAMPLES=1000 pytest tests/fuzz` makes so many in each test, others each time.
"""

import copy
import json
import os
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fercore.evaluation.comparison import licence
from fercore.evaluation.contamination import contamination
from fercore.evaluation.cross_validation import group_cross_validations
from fercore.evaluation.facts import Facts, model_table
from fercore.evaluation.learning import HistoryError, check_history, config_table, curve_table, epoch_table, learning
from fercore.evaluation.speeds import Speed, SpeedRecord, read_speeds, write_speeds
from fercore.evaluation.studies import group_studies, point_table, read_point
from fercore.evaluation.tables import ReportError, check_report, class_table, classification_table, confusion_table
from fercore.explain.projection import read_embedding
from fercore.models.registry import load
from fercore.report.page import html_report
from fercore.runs import RunError, list_runs, open_run, update_run
from tests.factories.data import make_dataset
from tests.factories.runs import make_embedding, make_run

MORE = int(os.environ.get("FUZZ_EXAMPLES", "0"))
LONG = "slow" in os.environ.get("FERCORE_REQUIRE", "")
IN_WORDS = (RunError, ReportError, HistoryError)
JSON_FILES = ("run.json", "speed.json", "metrics_test.json", "metrics_val.json", "config.json")
ARRAY_FILES = ("predictions_test.npz", "average_faces.npz", "embedding_test.npz")
_NUMBERS = [-1, 0, 1, 7, 0.5, -0.5, 1e308, -1e308, 2**63 - 1, -(2**63), 2**31, 10**400, float("nan")]
_TEXTS = ["", "x", "x" * 5000, "../up", "\x00", "\ud800", "a\nb", "ü", "<b>", "1e400", "happy", "finished", "test"]
_NESTED = [[], {}, [[]], [None], {"": None}, {"name": "x"}, [0] * 1001, [1, "a"], {"a": {"b": {"c": []}}}]
ODD = st.sampled_from([None, True, False, *_NUMBERS, *_TEXTS, *_NESTED])


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A run with everything in its folder, a part of a study and of a cross-validation."""
    root = tmp_path_factory.mktemp("good")
    dataset = make_dataset(root / "data", per_class=3)
    run = make_run(root / "runs", "a", dataset=dataset, weights=True)
    make_embedding(run, dataset)
    write_speeds(run, SpeedRecord("a machine", "2026-01-01", {"torch fp32": Speed(1.0, 100.0)}))
    varied = {"label": "x", "position": 1, "seed": 0, "varied": {"epochs": 3}, "budget": {"seed": 0}}
    study = {"name": "s", **varied, "description": "a test", "points": 2}
    update_run(run, study=study, kfold={"name": "k", "fold": 1, "folds": 2}, source={"license": "mit"})
    return run


@pytest.fixture
def changed(good, tmp_path):
    """`changed()`: a fresh copy of the good run's folder."""

    def copied():
        shutil.rmtree(tmp_path / "runs", ignore_errors=True)
        return shutil.copytree(good.path, tmp_path / "runs" / "a")

    return copied


def fuzzed(examples):
    return settings(
        max_examples=MORE or (examples if LONG else -(-examples // 4)),
        derandomize=not MORE,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),  # explaining a failure takes minutes
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def places(content, path=()):
    """The paths of all entries of nested lists and dicts."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def put(content, path, value):
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = value


def attempt(read, *arguments):
    try:
        return read(*arguments)
    except IN_WORDS as error:
        words = str(error)
    assert words
    words.encode()  # as a page does
    return None


def read_everything(folder, report=False):
    """Whatever pages and scripts read of a run, each for itself."""
    found, problems = list_runs(folder.parent)
    assert len(found) + len(problems) == 1
    run = attempt(open_run, folder)
    if run is None:
        return
    json.dumps([run.status, run.members, run.parameters, run.part_of, run.weights_bytes, run.classes]).encode()
    history = attempt(lambda: check_history(run.history()))
    if history is not None and len(history):
        learning(history, 42)
        curve_table({run.name: history})
        epoch_table({run.name: history})
    reports = {}
    for split, tta in run.evaluations():
        metrics = attempt(lambda split=split, tta=tta: check_report(run.metrics(split, tta)))
        if metrics is not None:
            reports[split] = metrics
            class_table(metrics)
            classification_table(metrics)
            confusion_table(metrics)
        attempt(run.predictions, split, tta)
    attempt(run.average_faces)
    speeds = attempt(read_speeds, run)
    model_table([run], {run.name: Facts(reports=reports, speeds=speeds)})
    attempt(read_embedding, run, "test")
    config_table({run.name: run.info["config"]})
    licence(run)
    for split in ("val", "test"):
        contamination(run, split)
    group_cross_validations([run])
    if history is not None and group_studies([run]) and (point := attempt(read_point, run)):
        point_table([point], {run.name: history}, {run.name: reports})
    if report:  # which takes seconds to draw
        attempt(html_report, run)
    attempt(load, run)


@pytest.mark.parametrize("name", JSON_FILES)
@fuzzed(25)
@given(data=st.data())
def test_any_entry_of_its_json_may_be_anything(good, changed, name, data):
    folder = changed()
    content = json.loads((folder / name).read_text())
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(list(places(content))))
        put(content, path, copy.deepcopy(data.draw(ODD)))
    (folder / name).write_text(json.dumps(content))
    read_everything(folder)


@fuzzed(3)
@given(data=st.data())
def test_a_report_is_made_of_a_run_that_says_anything(changed, data):
    folder = changed()
    content = json.loads((folder / "run.json").read_text())
    put(content, data.draw(st.sampled_from(list(places(content)))), copy.deepcopy(data.draw(ODD)))
    (folder / "run.json").write_text(json.dumps(content))
    read_everything(folder, report=True)


@pytest.mark.parametrize("name", [*JSON_FILES, *ARRAY_FILES, "history.csv", "model.safetensors"])
@fuzzed(6)
@given(data=st.data())
def test_any_file_may_be_cut_or_have_other_bytes(changed, name, data):
    folder = changed()
    content = bytearray((folder / name).read_bytes())
    start = data.draw(st.integers(0, len(content) - 1))
    end = start + data.draw(st.sampled_from([0, 1, 8, len(content)]))
    content[start:end] = data.draw(st.binary(max_size=16))
    (folder / name).write_bytes(content)
    read_everything(folder)


@fuzzed(40)
@given(data=st.data())
def test_any_cell_of_the_history_may_be_anything(changed, data):
    folder = changed()
    rows = [line.split(",") for line in (folder / "history.csv").read_text().splitlines()]
    row = data.draw(st.sampled_from(rows))
    odd = [
        "",
        "nan",
        "inf",
        "-inf",
        "1e308",
        "-1",
        "1" + "0" * 400,
        "x",
        '"',
        "True",
        "0x10",
        "1_000",
        "\x00",
        ",",
        "\n",
    ]
    row[data.draw(st.integers(0, len(row) - 1))] = data.draw(st.sampled_from(odd))
    (folder / "history.csv").write_text("\n".join(map(",".join, rows)) + "\n")
    read_everything(folder)


@pytest.mark.parametrize("name", ARRAY_FILES)
@fuzzed(15)
@given(data=st.data())
def test_any_array_may_have_any_content_shape_and_type(changed, name, data):
    folder = changed()
    with np.load(folder / name) as file:
        arrays = {key: file[key] for key in file.files}
    key = data.draw(st.sampled_from(sorted(arrays)))
    array = arrays[key]
    ways = {
        "nothing": lambda: np.zeros(0),
        "one": lambda: np.array(1.0),
        "shorter": lambda: array[:-1] if array.ndim else array,
        "deeper": lambda: array[None],
        "texts": lambda: np.full(array.shape, "\ud800"),
        "bytes": lambda: np.full(array.shape, b"x"),
        "complex": lambda: np.full(array.shape, 1j),
        "nan": lambda: np.full(array.shape, np.nan),
        "huge": lambda: np.full(array.shape, 2**63 - 1),
        "negative": lambda: np.full(array.shape, -1),
        "float16": lambda: np.full(array.shape, 0.5, np.float16),
        "dates": lambda: np.full(array.shape, "2020-01-01", "datetime64[D]"),
        "records": lambda: np.zeros(array.shape, [("a", int)]),
    }
    arrays[key] = ways[data.draw(st.sampled_from(sorted(ways)))]()
    np.savez(folder / name, **arrays)
    read_everything(folder)
