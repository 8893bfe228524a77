"""The runs that are shipped: complete, honest, small enough, and what their weights really answer."""

import functools
import itertools
import json
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fercore.charts.overview import reference_report
from fercore.data.decode import decode_face
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, SIZE
from fercore.data.ferplus import votes_on
from fercore.data.ferplus_labels import people_source
from fercore.data.prepare import prepare
from fercore.emotions import KNOWN
from fercore.evaluation.elsewhere import elsewhere
from fercore.evaluation.metrics import report
from fercore.evaluation.people import people_report
from fercore.evaluation.speeds import read_speeds
from fercore.evaluation.studies import group_studies, read_point
from fercore.export.files import measure
from fercore.export.record import ONNX_FILE, read_record
from fercore.inference.onnx import load_onnx
from fercore.models.forward import probabilities
from fercore.models.registry import load
from fercore.runs import list_runs, open_run
from fercore.training.config import from_dict
from fercore.training.ensemble import mean_prediction
from fercore.training.plan import load_plan
from fercore.training.study import load_study, study_names
from fercore.training.sweep import plan_study

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "runs"
# Asked of git: a reference run may just be training here.
TRACKED = subprocess.run(["git", "ls-files", "-z", "runs"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
FILES = [ROOT / name for name in TRACKED.split("\0") if name]
NAMES = sorted({path.relative_to(RUNS).parts[0] for path in FILES})
STUDIES = group_studies(open_run(RUNS / name) for name in NAMES)
SUMMARIES = [name for name in NAMES if open_run(RUNS / name).members]  # made of other runs: no epochs of their own
TRAINING = 28709  # images
BEST, FAST, ENSEMBLE = "reference-best", "reference-fast", "reference-ensemble"
PEOPLE, FAST_PEOPLE = "reference-people", "reference-people-fast"
JUDGED = {"train": 25059, "val": 3199, "test": 3153}  # images of the eight-class benchmark FER+
REPORT = reference_report()
REPORT_ACCURACY, KFOLD_ACCURACY = REPORT["final_cnn"]["test_accuracy"], REPORT["kfold"]["accuracy"]


def one_and_all(names, one):
    """Cases of runs: one always, all where there is time."""
    return [pytest.param(name, marks=() if name == one else pytest.mark.slow, id=name) for name in names]


def test_all_are_readable_and_small_enough():
    found, problems = list_runs(RUNS)
    assert problems == {}
    names = ("best", "fast", "vit", "people", "people-fast", "ensemble", "report-cnn", "resnet18", "kfold")
    expected = {f"reference-{name}" for name in names}
    assert expected <= set(NAMES) <= {run.name for run in found}
    assert sum(path.stat().st_size for path in FILES) <= 60 << 20


@pytest.mark.parametrize("name", NAMES)
def test_the_record_is_complete_and_the_protocol_was_kept(name):
    run = open_run(RUNS / name)
    assert run.status == "finished"
    assert run.info["dataset"]["split_names"] == OFFICIAL_SPLIT_NAMES
    sizes, held_out = run.info["dataset"]["split_sizes"], run.info.get("kfold", {}).get("held_out", {"images": 0})
    official = {"train": TRAINING - held_out["images"], "val": 3589, "test": 3589}
    assert sizes == (JUDGED if name in (PEOPLE, FAST_PEOPLE) else official)
    assert run.info["trained_on"]["splits"] == ["train"]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SUMMARIES])
def test_the_epoch_was_chosen_in_validation(name):
    run = open_run(RUNS / name)
    history, best = run.history(), run.info["best"]
    chosen = history.loc[history["epoch"] == best["epoch"]].iloc[0]
    assert chosen["val_accuracy"] == history["val_accuracy"].max() == best["value"]
    # Kept in fp16 and scored in fp32, the chosen epoch's weights may differ on a few images.
    assert run.metrics("val")["accuracy"]["value"] == pytest.approx(best["value"], abs=0.002)


def test_the_studies_that_are_shipped_come_with_the_project():
    assert {"augmentation", "dropout", "filters-layers", "kernel-size", "vit-guidance"} <= STUDIES.keys()
    assert STUDIES.keys() <= set(study_names())


@pytest.mark.parametrize("name", STUDIES)
def test_the_studies_have_all_their_points_on_one_budget(name):
    seeds = sorted({read_point(run, name).seed for run in STUDIES[name]})
    study = load_study(name, seeds)
    planned = plan_study(study)
    assert {run.name for run in STUDIES[name]} == {one.name for one in planned}
    for one in planned:
        run = open_run(RUNS / one.name)
        assert from_dict(run.info["config"], run.name) == one.config
        assert len(run.history()) == study.budget["epochs"]


def test_every_shipped_run_is_in_the_plan_that_makes_it_anew_with_the_config_that_it_has():
    tasks = {task.name: task for task in load_plan("reference").tasks}
    folds = {f"{task.name}-fold{number}": task for task in tasks.values() for number in range(1, task.folds + 1)}
    assert set(NAMES) <= tasks.keys() | folds.keys()
    for name in NAMES:
        run, task = open_run(RUNS / name), tasks.get(name) or folds[name]
        if task.kind == "ensemble":
            assert run.members == task.members
            continue
        trained = from_dict(run.info["config"], name)
        # Fitted to its data set, which may have other classes than FER2013's.
        assert trained == task.config.override(num_classes=len(run.classes))
        if task.kind == "kfold":
            assert run.info["kfold"]["folds"] == task.folds
        wanted = {(split, tta) for tta in (("none", "flip") if task.tta else ("none",)) for split in ("val", "test")}
        assert wanted == {(split, tta) for split, tta in run.evaluations() if split != "train"}


def test_the_folds_hold_out_every_training_image_once_and_reach_the_reports_accuracy():
    whole = open_run(RUNS / "reference-kfold")
    folds = [open_run(RUNS / f"reference-kfold-fold{number}") for number in (1, 2, 3)]
    held_out = [fold.predictions("train").id.tolist() for fold in folds]
    together = whole.predictions("train")
    assert sorted(itertools.chain(*held_out)) == sorted(together.id)
    assert len(set(together.id)) == TRAINING
    assert whole.metrics("train")["split_name"] == "Training, out of fold"
    accuracies = [fold.metrics("train")["accuracy"]["value"] for fold in folds]
    assert whole.info["kfold"]["scores"]["train"]["accuracy"]["folds"] == accuracies
    assert np.mean(accuracies) >= KFOLD_ACCURACY


@pytest.mark.parametrize("name", NAMES)
def test_metrics_recompute_exactly_from_predictions(name):
    run = open_run(RUNS / name)
    assert {("test", "none"), ("val", "none")} <= set(run.evaluations())
    for split, tta in run.evaluations():
        stored, metrics = run.predictions(split, tta), run.metrics(split, tta)
        names = OFFICIAL_SPLIT_NAMES | ({"train": "Training, out of fold"} if "kfold" in run.info else {})
        settings = {"split": split, "split_name": names[split], "tta": tta, "classes": run.classes}
        again = report(stored.label, stored.probabilities, **settings)
        found, expected = flat({key: metrics[key] for key in again}), flat(json.loads(json.dumps(again)))
        # A processor with other vectors adds up in another order: the last bit of a mean may differ, and no more.
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", one_and_all([name for name in NAMES if name.startswith("reference-")], BEST))
def test_figures_against_people_recompute_from_predictions(name):
    run = open_run(RUNS / name)
    for split, tta in run.evaluations():
        stored = run.predictions(split, tta)
        again = people_report(stored, run.classes, votes_on(stored.id))
        assert flat(run.metrics(split, tta)["people"]) == pytest.approx(flat(again), abs=1e-9)


def flat(content, place=""):
    """Place -> number or text of everything in nested lists and objects."""
    if not isinstance(content, list | dict):
        return {place: content}
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    return {at: value for key, own in pairs for at, value in flat(own, f"{place}/{key}").items()}


def test_the_reports_model_reaches_the_reports_accuracy_without_augmentation():
    run = open_run(RUNS / "reference-report-cnn")
    assert set(run.info["config"]["augment"].values()) == {0.0}
    assert run.info["config"]["model"]["first_filters"] == 64
    for split in ("val", "test"):
        assert run.metrics(split)["accuracy"]["value"] >= REPORT_ACCURACY


def test_the_best_model_is_accurate_and_learned_from_random_weights():
    run = open_run(RUNS / "reference-best")
    assert (run.info["trained_on"]["pretraining"], run.info["trained_on"]["teacher"]) == (None, None)
    assert run.metrics("test", "flip")["accuracy"]["value"] >= 0.71
    assert (run.path / "model.safetensors").stat().st_size <= 12_000_000


def test_the_fast_model_is_accurate_in_the_form_in_which_it_is_fast():
    run = open_run(RUNS / "reference-fast")
    assert run.info["trained_on"]["teacher"]["name"] == "reference-best"
    assert run.metrics("test")["accuracy"]["value"] >= 0.68
    assert read_record(run).precision == "int8"
    assert read_record(run).accuracy["test"]["value"] >= 0.68
    measured = read_speeds(run).engines
    assert measured["onnx int8"].milliseconds <= 0.45 < measured["torch fp32"].milliseconds


def test_the_vision_transformer_beats_the_classic_networks_without_foreign_pictures():
    run = open_run(RUNS / "reference-vit")
    taught = run.info["trained_on"]
    assert (run.info["config"]["model"]["type"], taught["pretraining"]) == ("vit", None)
    assert taught["teacher"]["name"] == "reference-best"
    assert taught["teacher"]["trained_on"]["splits"] == ["train"]
    assert run.metrics("test")["accuracy"]["value"] >= 0.66  # the classic mini-Xception: 65.9 %


def test_the_model_of_people_says_what_most_of_them_say_more_often_than_the_best_on_labels():
    run = open_run(RUNS / PEOPLE)
    learned = run.info["trained_on"]
    assert (learned["targets"], learned["init_from"]["name"]) == ("votes", "reference-best")
    assert run.classes == KNOWN
    assert run.parameters <= 6_000_000
    assert run.metrics("test", "flip")["accuracy"]["value"] >= 0.865
    assert read_record(run).accuracy["test"]["value"] >= 0.865
    other = open_run(RUNS / "reference-best").metrics("test")["people"]["model"]
    assert run.metrics("test")["people"]["model"]["low"] > other["high"] + 0.1
    (away,), problems = elsewhere(run)
    assert (away.dataset_name, problems) == ("fer2013", {})


def test_the_fast_model_of_people_has_the_network_of_the_fast_one_and_nearly_its_teachers_score():
    run, fast = open_run(RUNS / FAST_PEOPLE), open_run(RUNS / FAST)
    learned = run.info["trained_on"]
    sources = [learned[source]["name"] for source in ("teacher", "init_from")]
    assert (learned["targets"], sources) == ("votes", [PEOPLE, FAST])
    assert run.info["config"]["model"] == fast.info["config"]["model"] | {"num_classes": 8}
    assert run.metrics("test")["accuracy"]["value"] >= 0.86
    assert (read_record(run).precision, read_record(run).accuracy["test"]["value"] >= 0.86) == ("int8", True)


def test_the_weights_that_taught_a_run_are_known():
    runs = {name: open_run(RUNS / name) for name in NAMES if name not in SUMMARIES}
    for run in runs.values():
        learned = run.info["trained_on"]
        for source in filter(None, (learned.get("teacher"), learned.get("init_from"))):
            known = runs[source["name"]]
            before = known.info.get("compacted", {}).get("weights_sha256")
            assert source["weights_sha256"] in (known.weights_sha256(), before), run.name


def test_the_ensemble_is_the_mean_of_what_its_members_say():
    whole = open_run(RUNS / ENSEMBLE)
    for split, tta in whole.evaluations():
        mean = mean_prediction([open_run(RUNS / name).predictions(split, tta) for name in whole.members])
        stored = whole.predictions(split, tta)
        assert stored.id.tolist() == mean.id.tolist()
        np.testing.assert_allclose(stored.probabilities, mean.probabilities, atol=1e-6)


@pytest.fixture(scope="module")
def own_dataset(fer2013_dataset, tmp_path_factory):
    """`own_dataset(name)`: the data set that a shipped run learned from."""

    @functools.cache
    def judged():
        return prepare(people_source(fer2013_dataset), tmp_path_factory.mktemp("people") / "ferplus")

    return lambda name: judged() if name in (PEOPLE, FAST_PEOPLE) else fer2013_dataset


@pytest.fixture(scope="module")
def every_thirtieth(fer2013_archive):
    """`every_thirtieth(stored)`: the faces of every 30th image that predictions are of, from the archive itself."""
    with zipfile.ZipFile(fer2013_archive) as archive:
        yield lambda stored: np.stack([decode_face(archive.read(f"{id_}.jpg"), SIZE) for id_ in stored.id[::30]])


@pytest.mark.data
@pytest.mark.parametrize("name", [FAST, ENSEMBLE])
def test_the_weights_answer_some_images_as_stored(name, every_thirtieth):
    run, model = open_run(RUNS / name), load(open_run(RUNS / name))
    for split in ("val", "test"):
        stored = run.predictions(split)
        answers = probabilities(model.module, model.preprocess, every_thirtieth(stored))
        np.testing.assert_allclose(answers, stored.probabilities[::30], atol=0.02)


@pytest.mark.data
def test_an_onnx_file_says_of_some_images_what_the_run_says(every_thirtieth):
    run = open_run(RUNS / FAST)
    answer = load_onnx(run).module.answer
    for split, figure in read_record(run).accuracy.items():
        stored = run.predictions(split)
        same = (answer(every_thirtieth(stored)).argmax(axis=1) == stored.predicted[::30]).mean()
        assert same >= figure["same"] - 0.05  # other processors round 8-bit sums otherwise


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name in NAMES if open_run(RUNS / name).has_weights and name != ENSEMBLE])
def test_the_weights_answer_what_is_stored(name, own_dataset):
    """All of PrivateTest, a tenth of PublicTest; answers of the ensemble are its members' mean, see above."""
    run, model = open_run(RUNS / name), load(open_run(RUNS / name))
    dataset = own_dataset(name)
    for split, step in (("val", 10), ("test", 1)):
        rows, stored = dataset.indices(split), run.predictions(split)
        assert stored.id.tolist() == dataset.ids[rows].tolist()
        assert stored.label.tolist() == dataset.labels[rows].tolist()
        answers = probabilities(model.module, model.preprocess, dataset.images[rows[::step]])
        np.testing.assert_allclose(answers, stored.probabilities[::step], atol=0.02)
    accuracy = (answers.argmax(axis=1) == stored.label).mean()
    assert accuracy == pytest.approx(run.metrics("test")["accuracy"]["value"], abs=0.001)


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name in NAMES if (RUNS / name / ONNX_FILE).is_file()])
def test_the_onnx_files_are_as_right_as_recorded(name, own_dataset):
    run, dataset = open_run(RUNS / name), own_dataset(name)
    answer, recorded = load_onnx(run).module.answer, read_record(run).accuracy
    found = measure(answer, run, dataset)
    for split, figure in recorded.items():
        # Other processors round 8-bit sums otherwise.
        assert found[split]["value"] == pytest.approx(figure["value"], abs=0.003)
        assert found[split]["same"] == pytest.approx(figure["same"], abs=0.01)
