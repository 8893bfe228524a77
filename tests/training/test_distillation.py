"""Learning from a teacher and from mixed images: exact losses, honest records, refusals, exact resumption."""

import hashlib
import math
import shutil

import pytest
import torch

from fercore import runs
from fercore.fields import ConfigError
from fercore.runs import RunError, open_run
from fercore.training import loop, session
from fercore.training.config import load_recipe
from fercore.training.distillation import open_teacher, soft_target_loss
from fercore.training.setup import setup
from tests.factories.data import make_dataset
from tests.training.conftest import TINY
from tests.training.test_session import same_files

TAUGHT = {"teacher": "teacher", "distillation": 0.6, "temperature": 2.0, "rotation": 9.0}


def tiny(**changes):
    return load_recipe("report-cnn").override(**{**TINY, "epochs": 2, **changes})


def stop_after_one_epoch(config, dataset, root, name, monkeypatch):
    train_epoch = loop.train_epoch

    def interrupted(fit, epoch, progress):
        if epoch == 1:
            raise KeyboardInterrupt
        return train_epoch(fit, epoch, progress)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            session.start(config, dataset, root, name, quiet=True)


@pytest.fixture(scope="module")
def place(dataset, tmp_path_factory):
    """A folder of runs with a finished teacher."""
    root = tmp_path_factory.mktemp("runs")
    session.start(tiny(seed=5), dataset, root, "teacher", quiet=True)
    return root


@pytest.fixture
def root(place, tmp_path):
    """As `place`, to be changed."""
    shutil.copytree(place / "teacher", tmp_path / "teacher")
    return tmp_path


def test_the_loss_by_hand():
    student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[2 * math.log(3), 0.0]])
    # At temperature 2 the teacher says 3/4 and 1/4, the student 1/2 and 1/2.
    expected = 4 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert soft_target_loss(student, teacher, 2.0).item() == pytest.approx(expected, rel=1e-6)
    assert soft_target_loss(teacher, teacher, 3.0).item() == pytest.approx(0, abs=1e-7)


def test_distillation_weighs_teacher_and_labels(dataset, place):
    teacher = open_teacher("teacher", dataset, place)
    config = tiny(teacher="teacher", distillation=0.25, temperature=2.0, label_smoothing=0.0)
    fit = setup(config, dataset, teacher=teacher)
    logits, taught = torch.tensor([[0.0] * 7]), torch.tensor([[5.0] + [0.0] * 6])
    loss = loop._loss(fit, logits, torch.tensor([3]), taught)
    expected = 0.75 * math.log(7) + 0.25 * soft_target_loss(logits, taught, 2.0).item()
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_the_teacher_sees_the_augmented_picture_and_learns_nothing(dataset, place, monkeypatch):
    teacher = open_teacher("teacher", dataset, place)
    fit, seen, given = setup(tiny(**TAUGHT, mixup=1.0), dataset, teacher=teacher), [], []
    before = {name: t.clone() for name, t in teacher.model.module.state_dict().items()}
    handle = teacher.model.module.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].clone()))
    fit.module.register_forward_hook(lambda module, inputs, output: given.append(inputs[0].clone()))
    loop.train_epoch(fit, 0)
    handle.remove()
    assert len(seen) == len(given) == fit.steps
    for one, other in zip(seen, given, strict=True):
        assert torch.equal(one, other)
    assert all(torch.equal(t, before[name]) for name, t in teacher.model.module.state_dict().items())


def test_the_record_names_the_teacher(dataset, place):
    run = session.start(tiny(**TAUGHT), dataset, place, "student", quiet=True)
    weights = (place / "teacher" / "model.safetensors").read_bytes()
    assert run.info["trained_on"]["teacher"] == {
        "name": "teacher",
        "trained_on": open_run(place / "teacher").info["trained_on"],
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
    }
    alone = session.start(tiny(rotation=9.0), dataset, place, "alone", quiet=True)
    assert alone.info["trained_on"]["teacher"] is None
    # The same seed, order and pictures: only the teacher differs.
    assert run.history()["train_loss"][1] != alone.history()["train_loss"][1]


@pytest.mark.rest_slow
@pytest.mark.parametrize("changes", [TAUGHT, {"mixup": 0.8, "cutmix": 1.0}])
def test_resumed_with_teacher_or_mixing_the_result_is_the_same(dataset, root, monkeypatch, changes):
    whole = session.start(tiny(**changes), dataset, root, "whole", quiet=True)
    stop_after_one_epoch(tiny(**changes), dataset, root, "stopped", monkeypatch)
    same_files(whole.path, session.resume(dataset, root, "stopped", quiet=True).path)


def test_another_teacher_of_the_same_name_is_refused_on_resuming(dataset, root):
    run = session.start(tiny(**TAUGHT), dataset, root, "student", quiet=True)
    runs.update_run(run, status="stopped")
    shutil.rmtree(root / "teacher")
    session.start(tiny(seed=6), dataset, root, "teacher", quiet=True)
    with pytest.raises(
        RunError, match=r"student learned from teacher with weights of SHA-256 .*; put the earlier ones"
    ):
        session.resume(dataset, root, "student", quiet=True)


def lose_weights(run):
    (run.path / "model.safetensors").unlink()


def stop(run):
    runs.update_run(run, status="stopped")


def learn(**changes):
    def change(run):
        runs.update_run(run, trained_on={**run.info["trained_on"], **changes})

    return change


def forget(run):
    runs.update_run(run, trained_on=None)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lose_weights, "teacher has no weights"),
        (stop, "teacher is stopped, expected a finished run"),
        (learn(splits=["train", "test"]), "training data includes PrivateTest"),
        (learn(splits=["val"]), "training data includes PublicTest"),
        (learn(splits=[]), "expected the train split alone"),
        (learn(extra_data=["AffectNet"]), "expected the train split alone"),
        (learn(teacher={"trained_on": {"splits": ["train", "val"]}}), "training data includes PublicTest"),
        (forget, "training data unknown"),
    ],
)
def test_who_may_not_teach(dataset, root, harm, words):
    harm(open_run(root / "teacher"))
    with pytest.raises(RunError, match=rf"--teacher teacher: .*{words}.* or learn without a teacher"):
        session.start(tiny(**TAUGHT), dataset, root, "student", quiet=True)
    assert not (root / "student").exists()


def test_a_missing_teacher_and_one_of_other_images_are_refused(dataset, root, tmp_path_factory):
    with pytest.raises(RunError, match="--teacher nobody: there is no run folder"):
        open_teacher("nobody", dataset, root)
    with pytest.raises(RunError, match=r"--teacher \.\./x: run name '\.\./x' will not do"):
        open_teacher("../x", dataset, root)
    other = make_dataset(tmp_path_factory.mktemp("other") / "d", per_class=3, seed=9)
    with pytest.raises(RunError, match="what it knows of held-out images would leak"):
        open_teacher("teacher", other, root)


def test_settings_that_do_not_belong_together():
    with pytest.raises(ConfigError, match=r"--distillation: received 0\.5, but there is no --teacher"):
        tiny(distillation=0.5)
    assert tiny(teacher="somebody").training.distillation == 0


VIT = {"patch_size": 12, "hidden_size": 8, "layers": 1, "heads": 2, "mlp_ratio": 1.0, "batch_size": 16, "epochs": 2}


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"guidance": 0.0}, {"guidance": 2.0, "optimizer": "muon"}])
def test_a_taught_vit_resumes_to_the_same_weights_and_scores(dataset, root, monkeypatch, changes):
    config = load_recipe("vit-compact").override(**VIT, **changes, teacher="teacher", precision="fp32")
    whole = session.start(config, dataset, root, "whole", quiet=True)
    stop_after_one_epoch(config, dataset, root, "stopped", monkeypatch)
    same_files(whole.path, session.resume(dataset, root, "stopped", quiet=True).path)
    patches, layer = 144 * 8 + 8 + 17 * 8 + 8, 4 * 72 + 2 * 72 + 2 * 16
    assert whole.info["parameters"] == patches + layer + 16 + 63
