"""Learning votes: the distributions, the images without one, and the ordinary training where all people agree."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fercore.data.ferplus import ANSWERS
from fercore.emotions import EMOTIONS
from fercore.fields import ConfigError
from fercore.training import loop, session
from fercore.training.config import load_recipe
from fercore.training.distillation import open_teacher
from fercore.training.setup import setup
from fercore.training.targets import training_targets, vote_shares
from tests.training.conftest import TINY
from tests.training.test_session import same_files

FER2013_IDS = (  # rows 0 and 5 of fer2013.csv, and one of the 175 that nobody voted on
    *("train/angry/Training_1426440", "train/fear/Training_49732659"),
    "test/angry/PrivateTest_26784100",
)


def tiny(**changes):
    return load_recipe("report-cnn").override(**{**TINY, "epochs": 1, **changes})


def voted(dataset, votes):
    return replace(dataset, votes=np.asarray(votes, np.float32))


def one_hot(dataset, voters=10):
    return voted(dataset, voters * np.eye(7)[dataset.labels])


def test_shares_are_votes_over_their_sum(dataset):
    votes = np.zeros((len(dataset.labels), 7))
    votes[:, 3], votes[0] = 4, [5, 0, 0, 0, 3, 0, 2]
    votes[1] = 0
    shares = vote_shares(voted(dataset, votes))
    assert shares.dtype == np.float32
    assert shares[:3].tolist() == np.array([[0.5, 0, 0, 0, 0.3, 0, 0.2], [0] * 7, [0, 0, 0, 1, 0, 0, 0]], "f4").tolist()


def test_images_without_a_distribution_are_left_out(dataset):
    rows = dataset.indices("train")
    votes = np.full((len(dataset.labels), 7), 2.0)
    votes[rows[[1, 4]]] = 0
    kept, targets = training_targets(voted(dataset, votes), rows, "votes")
    assert kept.tolist() == [row for number, row in enumerate(rows.tolist()) if number not in (1, 4)]
    torch.testing.assert_close(targets, torch.full((len(kept), 7), 1 / 7))
    fit = setup(tiny(targets="votes"), voted(dataset, votes))
    assert len(fit.images) == len(fit.targets) == len(rows) - 2
    assert torch.equal(fit.images, torch.from_numpy(dataset.images[kept]))


def test_fer2013_without_stored_votes_has_those_of_ferplus(dataset):
    parts = {"images": dataset.images[:3], "labels": dataset.labels[:3], "splits": dataset.splits[:3]}
    mine = replace(dataset, ids=np.array(FER2013_IDS), votes=None, **parts)
    # Row 0 has no majority; of row 5 six say neutral and all other answers are of one person.
    assert vote_shares(mine).tolist() == [[0] * 7, np.eye(7)[EMOTIONS.index("neutral")].tolist(), [0] * 7]
    assert "neutral" in ANSWERS


def test_without_votes_the_message_says_where_they_come_from(dataset):
    with pytest.raises(ConfigError, match=r"--targets votes: there are no votes .* --labels ferplus --name ferplus"):
        setup(tiny(targets="votes"), dataset)
    with pytest.raises(ConfigError, match="nobody voted on the training images"):
        setup(tiny(targets="votes"), voted(dataset, np.zeros((len(dataset.labels), 7))))


def test_the_loss_is_the_cross_entropy_to_the_distribution(dataset):
    votes = np.full((len(dataset.labels), 7), 1.0)
    fit = setup(tiny(targets="votes", label_smoothing=0.0), voted(dataset, votes))
    logits, shares = torch.tensor([[1.0, 2.0, 0, 0, 0, 0, 0]]), torch.tensor([[0.25, 0.75, 0, 0, 0, 0, 0]])
    logs = torch.log_softmax(logits[0].double(), 0)
    assert loop._loss(fit, logits, shares, None).item() == pytest.approx(-(logs[0] + 3 * logs[1]).item() / 4, rel=1e-6)


@pytest.mark.parametrize(
    "changes",
    [{}, {"label_smoothing": 0.1, "class_weights": "sqrt"}, {"mixup": 0.8, "horizontal_flip": 0.5}, {"cutmix": 1.0}],
)
def test_where_all_people_say_the_label_the_training_is_the_ordinary_one(dataset, tmp_path, changes):
    labels = session.start(tiny(**changes), dataset, tmp_path, "labels", quiet=True)
    votes = session.start(tiny(targets="votes", **changes), one_hot(dataset), tmp_path, "votes", quiet=True)
    same_files(labels.path, votes.path)
    assert votes.info["trained_on"]["targets"] == "votes"


def test_votes_go_with_mixing_smoothing_and_a_teacher(dataset, tmp_path):
    votes = np.random.default_rng(0).integers(1, 9, (len(dataset.labels), 7))
    session.start(tiny(), dataset, tmp_path, "teacher", quiet=True)
    config = tiny(targets="votes", mixup=0.5, label_smoothing=0.1, teacher="teacher", distillation=0.5)
    fit = setup(config, voted(dataset, votes), teacher=open_teacher("teacher", dataset, tmp_path))
    torch.manual_seed(0)
    _, targets = next(loop.batches(fit, seed=1))
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(len(targets)))
    assert np.isfinite(loop.train_epoch(fit, 0)["train_loss"])
