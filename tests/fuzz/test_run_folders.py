"""Run folders with one thing in them changed at random: every reader returns, or says in words what is wrong."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fercore.charts.weak_points import weak_cells
from fercore.evaluation.comparison import licence
from fercore.evaluation.contamination import contamination
from fercore.evaluation.cross_validation import group_cross_validations
from fercore.evaluation.facts import Facts, model_table
from fercore.evaluation.learning import HistoryError, check_history, config_table, curve_table, epoch_table, learning
from fercore.evaluation.robustness import read_robustness
from fercore.evaluation.speeds import read_speeds
from fercore.evaluation.studies import group_studies, point_table, read_point
from fercore.evaluation.tables import ReportError, check_report, class_table, classification_table, confusion_table
from fercore.evaluation.weak_points import weak_points
from fercore.explain.projection import read_embedding
from fercore.models.registry import load
from fercore.report.page import html_report
from fercore.run_facets import facets, seed_groups
from fercore.run_notes import Notes, read_notes
from fercore.runs import RunError, list_runs, open_run
from tests.fuzz.damage import attempts, changed_bytes, changed_cells, changed_entries, fresh_copy, fuzzed, no_file

JSON_FILES = ("run.json", "speed.json", "metrics_test.json", "metrics_val.json", "config.json", "note.json")
ARRAY_FILES = ("predictions_test.npz", "average_faces.npz", "embedding_test.npz", "robustness_test.npz")
FILES = (*JSON_FILES, *ARRAY_FILES, "history.csv", "model.safetensors")


@pytest.fixture
def changed(good, tmp_path):
    """`changed()`: a fresh copy of the good run's folder."""
    return lambda: fresh_copy(good.path, tmp_path / "runs" / "a")


attempt = attempts(RunError, ReportError, HistoryError)


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
    seed_groups([run])
    facets(run, attempt(read_notes, run) or Notes())
    attempt(read_robustness, run, "test")
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
    if report:  # which takes seconds to draw, with intervals of everything
        attempt(html_report, run)
        json.dumps(weak_cells(weak_points(run))).encode()
    attempt(load, run)


@pytest.mark.parametrize("name", JSON_FILES)
@fuzzed(25)
@given(data=st.data())
def test_any_entry_of_its_json_may_be_anything(changed, name, data):
    file = changed() / name
    file.write_text(json.dumps(data.draw(changed_entries(json.loads(file.read_text())))))
    read_everything(file.parent)


@fuzzed(3)
@given(data=st.data())
def test_a_report_is_made_of_a_run_that_says_anything(changed, data):
    file = changed() / "run.json"
    file.write_text(json.dumps(data.draw(changed_entries(json.loads(file.read_text())))))
    read_everything(file.parent, report=True)


@pytest.mark.parametrize("name", FILES)
@fuzzed(6)
@given(data=st.data())
def test_any_file_may_be_cut_or_have_other_bytes(changed, name, data):
    file = changed() / name
    file.write_bytes(data.draw(changed_bytes(file.read_bytes())))
    read_everything(file.parent)


@fuzzed(12)
@given(data=st.data())
def test_any_file_may_be_none(changed, data):
    folder = changed()
    no_file(data.draw, folder / data.draw(st.sampled_from(FILES)))
    read_everything(folder)


@fuzzed(40)
@given(data=st.data())
def test_any_cell_of_the_history_may_be_anything(changed, data):
    file = changed() / "history.csv"
    file.write_text(data.draw(changed_cells(file.read_text())))
    read_everything(file.parent)


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
