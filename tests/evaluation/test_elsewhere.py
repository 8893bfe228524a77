"""Results on other data: classes meet by name, both readings by hand, folders that are read as a stranger's."""

import json
import os

import numpy as np
import pytest

from fercore.emotions import EMOTIONS
from fercore.evaluation.elsewhere import asked, elsewhere, notes, open_elsewhere, place, told
from fercore.runs import Predictions, RunError, create_run, update_run
from tests.factories.data import make_dataset

CLASSES = ("happy", "contempt", "sad")  # of the data: the model, which knows FER2013's seven, shares the outer two


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("data") / "three", per_class=2, classes=CLASSES)


@pytest.fixture
def run(tmp_path):
    info = {"config": {}, "classes": list(EMOTIONS), "dataset": {"fingerprint": "own"}}
    return create_run(tmp_path, "a", info)


def answers(rows):
    """Predictions for images of happy and sad; each row is {class: probability}."""
    probabilities = np.array([[row.get(name, 0) for name in EMOTIONS] for row in rows], dtype=np.float32)
    labels = np.array([EMOTIONS.index(name) for name in ("happy", "happy", "sad", "sad")])
    return Predictions(np.array(list("abcd")), labels, probabilities)


def test_images_of_unknown_classes_are_not_asked_and_are_counted(run, dataset):
    rows = dataset.indices("test")
    found = asked(run, dataset, rows)
    assert found.not_asked == {"contempt": 2}
    assert [EMOTIONS[label] for label in found.labels] == ["happy", "happy", "sad", "sad"]
    assert [dataset.classes[label] for label in dataset.labels[found.rows]] == ["happy", "happy", "sad", "sad"]


def test_without_a_shared_class_nothing_is_asked(run, dataset):
    strange = update_run(run, classes=["tired", "bored"])
    with pytest.raises(RunError, match=r"a answers tired, bored; of the 6 images .* happy, contempt, sad, none has"):
        asked(strange, dataset, dataset.indices("test"))


def test_both_readings_by_hand(run, dataset):
    given = answers(
        [
            {"happy": 0.5, "sad": 0.25, "angry": 0.25},  # right both ways
            {"angry": 0.5, "happy": 0.4, "sad": 0.1},  # free: angry, wrong; told: happy
            {"angry": 0.6, "happy": 0.3, "sad": 0.1},  # wrong both ways
            {"fear": 1.0},  # free: wrong; told: even, so the first
        ]
    )
    found = told(given, EMOTIONS, ("happy", "sad"))
    assert found.label.tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(found.probabilities, [[2 / 3, 1 / 3], [0.8, 0.2], [0.75, 0.25], [0.5, 0.5]], rtol=1e-6)
    results = place(run, dataset)
    further = notes(results, given, {"contempt": 2}, split="test", split_name="test", tta="none")
    assert (further["reading"], further["shared"], further["not_asked"]) == ("free", ["happy", "sad"], {"contempt": 2})
    assert further["told"]["accuracy"]["value"] == 0.5
    assert further["told"]["classes"] == ["happy", "sad"]
    assert (given.predicted == given.label).mean() == 0.25


def test_results_have_a_folder_bound_to_the_fingerprint(run, dataset):
    results = place(run, dataset)
    assert results.path == run.path / "evaluations" / "three"
    assert (results.name, results.dataset_name, results.home) == ("a", "three", run)
    assert results.shared == ("happy", "sad")
    assert results.info["dataset"]["fingerprint"] == dataset.info["fingerprint"]
    assert place(run, dataset) == results == open_elsewhere(run, "three")
    assert elsewhere(run) == ([results], {})


def test_the_runs_own_data_set_is_the_run_itself(run, dataset):
    own = update_run(run, dataset=dataset.summary())
    assert place(own, dataset) is own
    assert elsewhere(own) == ([], {})


def test_an_added_model_is_at_home_on_data_of_its_classes_only(run, dataset, tmp_path):
    added = update_run(run, dataset={})
    assert place(added, dataset).dataset_name == "three"
    seven = make_dataset(tmp_path / "seven", per_class=1)
    assert place(added, seven) is added


def test_another_data_set_of_the_same_name_is_refused(run, dataset, tmp_path):
    place(run, dataset)
    other = make_dataset(tmp_path / "three", per_class=1, classes=CLASSES, seed=5)
    with pytest.raises(RunError, match=r"holds results on the data set .* under the same name; they are never"):
        place(run, other)


@pytest.mark.parametrize("which", ["evaluations", "evaluations/three"])
def test_links_are_not_followed(run, dataset, tmp_path, which):
    (tmp_path / "target").mkdir()
    (run.path / which).parent.mkdir(exist_ok=True)
    os.symlink(tmp_path / "target", run.path / which)
    with pytest.raises(RunError, match="is a link or a file"):
        place(run, dataset)
    assert list((tmp_path / "target").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda record: record.update(schema_version=9), "no record of an evaluation"),
        (lambda record: record.update(dataset=[]), "no record of an evaluation"),
        (lambda record: record["dataset"].pop("fingerprint"), "fingerprint, split_names or classes are missing"),
        (lambda record: record["dataset"].update(classes=["happy", 3]), "fingerprint, split_names or classes"),
    ],
)
def test_a_damaged_record_is_told_and_hides_nothing_else(run, dataset, change, problem):
    file = place(run, dataset).path / "evaluation.json"
    record = json.loads(file.read_text())
    change(record)
    file.write_text(json.dumps(record))
    found, problems = elsewhere(run)
    assert found == []
    assert problem in problems["three"]


def test_what_was_not_evaluated_names_the_command(run):
    with pytest.raises(RunError, match=r"run: python scripts/evaluate.py a --data data/rafdb"):
        open_elsewhere(run, "rafdb")
