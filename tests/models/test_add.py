"""Models that others trained become run folders: recorded, linked, measured by name, refused with the way on."""

import json
import runpy
import shutil
from pathlib import Path

import huggingface_hub
import pytest
import torch

from fercore.evaluation.contamination import contamination
from fercore.models.add import add_model, find_folder
from fercore.models.forward import images_a_pass
from fercore.models.registry import load
from fercore.runs import RunError, list_runs, open_run
from fercore.training.distillation import open_teacher
from fercore.training.evaluate import evaluate_run
from tests.factories.data import make_dataset
from tests.factories.hub import DIMA806_LABELS, make_hub_folder

ROOT = Path(__file__).resolve().parents[2]
DIMA806 = "dima806/facial_emotions_image_detection"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module", autouse=True)
def quick():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("data") / "d", per_class=2)


@pytest.fixture
def folder(tmp_path):
    return make_hub_folder(tmp_path / "theirs")


@pytest.fixture
def offline_hub(tmp_path, monkeypatch):
    """A machine without a network, whose cache holds dima806's model as a download leaves it."""
    cache = tmp_path / "cache"
    place = cache / ("models--" + DIMA806.replace("/", "--"))
    folder = make_hub_folder(place / "snapshots" / COMMIT)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A card\n")
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return folder


def script(name, *arguments):
    runpy.run_path(str(ROOT / "scripts" / name))["main"]([str(argument) for argument in arguments])


def test_a_folder_becomes_a_run_with_linked_weights(folder, tmp_path):
    run = add_model(str(folder), tmp_path / "runs", splits=["train"], command="add")
    assert (run.name, run.status, run.info["best"], run.info["dataset"]) == ("theirs", "finished", None, {})
    assert run.info["labels"] == list(DIMA806_LABELS)
    assert run.info["config"] == {"model": {"type": "vit", "folder": str(folder)}}
    assert run.info["source"] == {"folder": str(folder), "weights_sha256": run.weights_sha256(), "license": None}
    assert run.info["trained_on"]["splits"] == ["train"]
    assert (run.path / "model.safetensors").readlink() == folder / "model.safetensors"
    assert run.info["parameters"] == sum(p.numel() for p in load(run).module.parameters())
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["theirs"]
    assert list_runs(tmp_path / "runs")[1] == {}


def test_a_relative_folder_is_linked_so_that_it_is_found_from_anywhere(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = add_model("theirs", Path("runs"))
    monkeypatch.chdir("/")
    assert load(open_run(tmp_path / "runs" / "theirs")).preprocess.size == 224
    assert run.info["source"]["folder"] == str(folder)


def test_weights_that_are_gone_are_told_with_the_way_on(folder, tmp_path):
    run = add_model(str(folder), tmp_path / "runs")
    shutil.rmtree(folder)
    assert not run.has_weights
    with pytest.raises(RunError, match=r"theirs links to weights that are no longer there .*scripts/add_model\.py"):
        load(run)


def test_the_hubs_cache_serves_without_a_network_and_the_commit_is_recorded(offline_hub, tmp_path):
    run = add_model(DIMA806, tmp_path / "runs")
    assert run.name == "facial_emotions_image_detection"
    assert run.info["source"]["revision"] == COMMIT
    assert run.info["source"]["license"] == "apache-2.0"
    assert "oversampled" in run.info["trained_on"]["note"]
    assert contamination(run, "test") == "includes PrivateTest"
    said = add_model(DIMA806, tmp_path / "runs", name="said", splits=["train"], revision="main")
    assert contamination(said, "test") is None


def test_what_is_not_in_the_cache_is_told_with_the_ways_on(offline_hub):
    with pytest.raises(RunError, match=r"somebody/other cannot be had .*hf download somebody/other --local-dir FOLDER"):
        find_folder("somebody/other")
    with pytest.raises(RunError, match="Check its name and --revision"):
        find_folder(DIMA806, revision="v9")


@pytest.mark.parametrize(
    ("source", "revision", "words"),
    [
        ("nowhere", None, "nowhere is no folder here, and no OWNER/NAME of a model"),
        ("../a/b", None, r"\.\./a/b is no folder here"),
        (".", "main", "--revision: received 'main', but . is a folder"),
    ],
)
def test_a_source_that_is_none_is_refused(source, revision, words):
    with pytest.raises(RunError, match=words):
        find_folder(source, revision)


def only_pickle(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def sharded(folder):
    (folder / "model.safetensors").rename(folder / "model.safetensors.index.json")


def drop(name):
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (only_pickle, "but pytorch_model.bin: pickled weights, which are never opened; https://huggingface"),
        (sharded, "but model.safetensors.index.json: weights in several files"),
        (drop("model.safetensors"), "holds no model.safetensors$"),
        (drop("config.json"), "holds no config.json"),
        (drop("preprocessor_config.json"), "holds no preprocessor_config.json"),
    ],
)
def test_a_folder_that_lacks_something_leaves_nothing_behind(folder, tmp_path, harm, words):
    harm(folder)
    with pytest.raises(RunError, match=f"theirs cannot be added: .*{words}"):
        add_model(str(folder), tmp_path / "runs")
    assert list(tmp_path.glob("runs/*")) == list(tmp_path.glob("runs/.*")) == []


def test_an_unmappable_label_set_is_refused_with_both(tmp_path):
    folder = make_hub_folder(tmp_path / "pets", labels=("cat", "dog"))
    with pytest.raises(RunError, match=r"received cat, dog; expected angry, disgust, .*neutral, in any order"):
        add_model(str(folder), tmp_path / "runs")


def test_a_taken_name_is_refused(folder, tmp_path):
    add_model(str(folder), tmp_path / "runs")
    with pytest.raises(RunError, match=r"run 'theirs' exists in .*; choose another name with --name"):
        add_model(str(folder), tmp_path / "runs")


def test_labels_can_be_said_where_the_config_has_none(tmp_path, dataset):
    named = make_hub_folder(tmp_path / "named")
    mute = shutil.copytree(named, tmp_path / "mute")
    content = json.loads((mute / "config.json").read_text())
    content |= {"id2label": {str(i): f"LABEL_{i}" for i in range(7)}, "label2id": {}}
    (mute / "config.json").write_text(json.dumps(content))
    with pytest.raises(RunError, match=r"LABEL_0, .* with --labels"):
        add_model(str(mute), tmp_path / "runs")
    with pytest.raises(RunError, match="--labels: received 2 names, but it has 7 outputs"):
        add_model(str(mute), tmp_path / "runs", labels=["happy", "sad"])
    runs = [
        add_model(str(named), tmp_path / "runs"),
        add_model(str(mute), tmp_path / "runs", labels=DIMA806_LABELS),
    ]
    confusions = [evaluate_run(run, dataset, "val")["confusion"] for run in runs]
    assert confusions[0] == confusions[1]


def test_a_shuffled_label_order_gives_the_same_accuracy(tmp_path, dataset):
    orders = {"one": DIMA806_LABELS, "two": sorted(DIMA806_LABELS)}
    found = []
    for name, labels in orders.items():
        folder = make_hub_folder(tmp_path / name, labels=labels)
        found.append(evaluate_run(add_model(str(folder), tmp_path / "runs"), dataset, "test"))
    assert found[0]["accuracy"] == found[1]["accuracy"]
    assert found[0]["confusion"] == found[1]["confusion"]


def test_a_processor_inside_another_file_is_found(folder, tmp_path):
    processor = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").unlink()
    (folder / "processor_config.json").write_text(json.dumps({"image_processor": processor}))
    run = add_model(str(folder), tmp_path / "runs")
    assert run.info["preprocess"] == {"processor": "ViTImageProcessor", "size": 224, "channels": 3}


def test_the_first_evaluation_says_on_which_images(tmp_path, dataset, folder):
    run = add_model(str(folder), tmp_path / "runs", splits=["train"])
    evaluate_run(run, dataset, "test")
    assert open_run(run.path).info["dataset"] == dataset.summary()
    # What else it learned from is not known, so it teaches nobody.
    with pytest.raises(RunError, match="expected the train split alone"):
        open_teacher("theirs", dataset, tmp_path / "runs")


def test_large_inputs_are_evaluated_in_small_batches():
    assert [images_a_pass(side) for side in (8, 48, 96, 224, 1024)] == [256, 256, 64, 11, 1]


def test_the_scripts_tell_what_was_left_out_and_what_to_run(tmp_path, dataset, capsys):
    folder = make_hub_folder(tmp_path / "eight", labels=(*DIMA806_LABELS, "contempt"))
    place = ("--runs", tmp_path / "runs")
    script("add_model.py", folder, "--name", "eight", "--trained-on", "none", *place)
    said = capsys.readouterr().out
    assert "Left out: contempt; evaluate.py says how much probability that is" in said
    assert "It learned from these splits of FER2013: none" in said
    assert f"python scripts/evaluate.py eight --split test --runs {tmp_path / 'runs'}" in said
    script("evaluate.py", "eight", "--data", dataset.path, *place)
    mass = open_run(tmp_path / "runs" / "eight").metrics("test")["left_out"]["contempt"]
    assert 0 < mass < 1
    assert f"The model gives {mass:.1%} of its probability to contempt" in capsys.readouterr().out


def test_the_script_says_that_nothing_is_known_and_refuses_contradictions(tmp_path, folder, capsys):
    script("add_model.py", folder, "--runs", tmp_path / "runs")
    assert "is not known: its figures carry a badge and are not ranked" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        script("add_model.py", folder, "--trained-on", "none", "train")
    assert "none and unknown stand alone" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        script("add_model.py", "nowhere", "--runs", tmp_path / "runs")
    assert "error: nowhere is no folder here" in capsys.readouterr().err
