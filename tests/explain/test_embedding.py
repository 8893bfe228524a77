"""Features are what the last layer takes in, and which images are placed is decided by a seed."""

import numpy as np
import pytest
import torch
from torch import nn

from fercore.charts.style import percent, with_range
from fercore.explain import embedding
from fercore.explain.alike import agreement
from fercore.explain.embedding import choose_rows, embed_run, features, head
from fercore.explain.projection import read_embedding
from fercore.models.ensemble import Ensemble
from fercore.models.forward import probabilities
from fercore.models.registry import LoadedModel, load
from fercore.runs import RunError
from scripts import embedding as script
from tests.explain.conftest import PIXELS
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


def test_features_are_what_the_last_layer_takes_in(two_maps, quarters):
    found, answers = features(two_maps, np.stack([quarters, 255 - quarters]))
    # The four cells of q, then those of 0.5 - q, rectified; see `two_maps`.
    assert found == pytest.approx(
        np.array([[0, 0.2, 0.4, 1, 0.5, 0.3, 0.1, 0], [1, 0.8, 0.6, 0, 0, 0, 0, 0.5]]), abs=1e-5
    )
    assert np.array_equal(answers, probabilities(two_maps.module, PIXELS, np.stack([quarters, 255 - quarters])))


def test_a_transformer_s_features_are_its_class_token(vit, average_faces):
    found, answers = features(vit, average_faces)
    assert found.shape == (7, 32)
    logits = torch.from_numpy(found) @ vit.module.model.classifier.weight.T + vit.module.model.classifier.bias
    assert logits.softmax(1).detach().numpy() == pytest.approx(answers, abs=1e-5)


def test_a_model_without_a_linear_layer_is_refused():
    with pytest.raises(RunError, match="no linear layer"):
        head(nn.Sequential(nn.Conv2d(1, 7, 48), nn.Flatten()))


def test_an_ensemble_has_no_features_of_its_own(two_maps):
    with pytest.raises(RunError, match="choose one of its members"):
        head(Ensemble([(two_maps.module, PIXELS)]))


def test_a_last_layer_that_answers_for_no_image_is_refused(quarters):
    class Aside(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.aside = nn.Linear(48 * 48, 7), nn.Linear(2, 2)

        def forward(self, images):
            return self.used(images.flatten(1))

    with pytest.raises(RunError, match="layer aside does not see each image once"):
        features(LoadedModel(Aside().eval(), PIXELS), quarters[None])


def test_all_images_of_a_split_come_first_and_some_of_training_follow(tmp_path, monkeypatch):
    dataset = make_dataset(tmp_path / "data", per_class=3)
    monkeypatch.setattr(embedding, "TRAINING", 5)
    rows, size = choose_rows(dataset, "test")
    assert rows[:size].tolist() == dataset.indices("test").tolist()
    assert len(rows) == size + 5
    assert set(dataset.splits[rows[size:]]) == {"train"}
    assert np.array_equal(rows, choose_rows(dataset, "test")[0])
    monkeypatch.setattr(embedding, "MOST", 4)
    rows, size = choose_rows(dataset, "train")
    assert (len(rows), size, set(dataset.splits[rows])) == (4, 4, {"train"})


def test_a_run_keeps_its_embedding(tmp_path):
    dataset = make_dataset(tmp_path / "data", per_class=3)
    run = make_run(tmp_path / "runs", weights=True, dataset=dataset)
    made = embed_run(run, dataset, "val")
    kept = read_embedding(run, "val")
    assert kept.ids.tolist() == made.ids.tolist() == [*dataset.ids[dataset.splits == "val"], *kept.ids[21:]]
    assert (kept.size, kept.dimensions) == (21, 8)
    model = load(run)
    answers = probabilities(model.module, model.preprocess, dataset.images[dataset.indices("val")])
    assert kept.predicted[:21].tolist() == answers.argmax(axis=1).tolist()


def test_the_script_keeps_an_embedding_and_says_what_lies_together(tmp_path, capsys):
    dataset = make_dataset(tmp_path / "data", per_class=3)
    run = make_run(tmp_path / "runs", weights=True, dataset=dataset)
    script.main(["toy", "--runs", str(tmp_path / "runs"), "--data", str(tmp_path / "data")])
    found, said = read_embedding(run, "test"), capsys.readouterr().out
    together = agreement(found)
    assert (
        f"nearest neighbours of each of 21 images, {with_range(together.own)} show its emotion; "
        f"by chance {percent(together.chance)}."
    ) in said
    assert said.count("\n  angry") == 1
    assert "embedding_test.npz" in said
