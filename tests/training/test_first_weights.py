"""Starting from a finished run: every weight is its, the last layer goes by class name, other networks are refused."""

import numpy as np
import pytest
import torch

from fercore import runs
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.ferplus import EXPRESSIONS
from fercore.data.prepare import prepare
from fercore.data.records import Record, Source
from fercore.evaluation.comparison import licence
from fercore.evaluation.contamination import contamination
from fercore.fields import ConfigError
from fercore.models.registry import build, load, stored_module
from fercore.runs import RunError
from fercore.training import session
from fercore.training.config import load_recipe
from fercore.training.first_weights import FirstWeights, open_first_weights, start_from
from fercore.training.setup import setup
from tests.training.conftest import TINY


def tiny(**changes):
    return load_recipe("report-cnn").override(**{**TINY, "epochs": 1, **changes})


@pytest.fixture(scope="module")
def root(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    session.start(tiny(seed=5), dataset, folder, "first", quiet=True)
    return folder


def test_the_first_weights_are_the_runs(dataset, root):
    first = open_first_weights("first", root)
    fit = setup(tiny(init_from="first"), dataset, first=first)
    stored = load(runs.open_run(root / "first")).module.state_dict()
    assert all(torch.equal(own, stored[name]) for name, own in fit.module.state_dict().items())
    assert fit.pretraining == "run first"


def test_what_it_learned_from_counts(dataset, root):
    run = session.start(tiny(init_from="first"), dataset, root, "second", quiet=True)
    taught, before = run.info["trained_on"], runs.open_run(root / "first")
    assert taught["init_from"] == {
        "name": "first",
        "trained_on": before.info["trained_on"],
        "weights_sha256": before.weights_sha256(),
    }
    assert contamination(run, "test") is None
    assert licence(run) == "trained here: none of its own"
    seen = taught | {"init_from": taught["init_from"] | {"trained_on": {"splits": ["train", "test"]}}}
    assert contamination(runs.update_run(run, trained_on=seen), "test") == "includes PrivateTest"
    unknown = taught | {"init_from": {"name": "first"}}
    assert contamination(runs.update_run(run, trained_on=unknown), "test") == "unknown"


def network(classes):
    return build("cnn", tiny(num_classes=classes).model)


def test_the_last_layer_goes_by_the_names_of_classes():
    before, after = network(3), network(4)
    fresh = {name: tensor.clone() for name, tensor in after.state_dict().items()}
    old = before.state_dict()
    start_from(after, ("happy", "contempt", "sad", "angry"), FirstWeights(old, ("angry", "happy", "fear"), {}))
    *body, weight, bias = after.state_dict()
    for name in (weight, bias):
        found = after.state_dict()[name]
        assert torch.equal(found, torch.stack([old[name][1], fresh[name][1], fresh[name][2], old[name][0]]))
    assert all(torch.equal(after.state_dict()[name], old[name]) for name in body)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first_filters": 8}, r"--init-from first: its model has 4 x 1 x 3 x 3 for .*, expected 8 x 1 x 3 x 3"),
        ({"dense": [8, 8]}, r"its model has 7 x 8 for .*, expected 8 x 8; train the same architecture"),
        ({"dense": []}, r"its model has .* for .*, expected .*; train the same architecture"),
    ],
)
def test_another_network_is_refused(dataset, root, changes, message):
    with pytest.raises(ConfigError, match=message):
        setup(tiny(init_from="first", **changes), dataset, first=open_first_weights("first", root))


def test_a_run_that_cannot_be_begun_with_is_refused(dataset, root):
    with pytest.raises(RunError, match=r"--init-from gone: there is no run folder .* leave --init-from out"):
        session.start(tiny(init_from="gone"), dataset, root, "third", quiet=True)
    assert not (root / "third").exists()
    run = session.start(tiny(), dataset, root, "stopped", quiet=True)
    runs.update_run(run, status="stopped")
    with pytest.raises(RunError, match="stopped is stopped, expected a finished run"):
        open_first_weights("stopped", root)
    (run.path / "model.safetensors").unlink()
    runs.update_run(run, status="finished")
    with pytest.raises(RunError, match=r"stopped has no weights"):
        open_first_weights("stopped", root)


def test_stored_modules_hold_what_training_needs(root):
    assert stored_module(runs.open_run(root / "first")).state_dict().keys() == network(7).state_dict().keys()


def test_votes_on_eight_classes_are_learned_from_a_run_of_seven(root, tmp_path):
    rng = np.random.default_rng(0)
    records = [
        Record(f"{split}/{code}", code, split, rng.integers(0, 255, (48, 48), np.uint8), votes=9 * np.eye(8)[code] + 1)
        for split in ("train", "val", "test")
        for code in range(8)
    ]
    source = Source("made", "made", OFFICIAL_SPLIT_NAMES, lambda bad: iter(records), classes=EXPRESSIONS, votes=True)
    voted = prepare(source, tmp_path / "ferplus")
    run = session.start(tiny(init_from="first", targets="votes", batch_size=8), voted, root, "eight", quiet=True)
    assert run.classes == EXPRESSIONS
    assert run.predictions("test").probabilities.shape == (8, 8)
    assert run.info["trained_on"]["targets"] == "votes"
    assert run.info["trained_on"]["pretraining"] == "run first"
    assert run.info["trained_on"]["init_from"]["name"] == "first"
