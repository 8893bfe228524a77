"""Faces into models and maps back onto faces, also for models from the hub with a preprocessing of their own."""

import numpy as np
import pytest
import torch
from torch import nn

from fercore.data.transforms import TRAINING_MEAN, Preprocess
from fercore.explain.inputs import face_probabilities, logits_of_pixels, over_seen_part, seen_part
from fercore.explain.methods import METHODS, heat_map, unsuited
from fercore.models.hub import open_folder
from fercore.models.registry import LoadedModel
from tests.explain.conftest import PIXELS, hooks
from tests.factories.hub import make_hub_folder

WHOLE = (slice(0, 48), slice(0, 48))


@pytest.fixture(scope="module", params=["vit", "resnet", "convnext"])
def hub(request, tmp_path_factory):
    """A tiny model as the hub stores them, with its own processor; the two convolutional ones crop."""
    folder = make_hub_folder(tmp_path_factory.mktemp("hub") / request.param, kind=request.param)
    module, preprocess = open_folder(folder)
    return LoadedModel(module.eval(), preprocess)


@pytest.mark.parametrize("preprocess", [PIXELS, Preprocess(), Preprocess(224, 3, 0.5, 0.5), Preprocess(24)])
def test_our_own_preprocessing_shows_the_whole_face(preprocess):
    assert seen_part(LoadedModel(nn.Identity(), preprocess), 48) == WHOLE


def test_what_a_cropping_model_does_not_see_is_left_out():
    # As convnext's processor in the factory: 48 -> 64 pixels, of which the middle 48 are kept, 36 of the face's own.
    def crop(images):
        return nn.functional.interpolate(images[:, None], (64, 64), mode="bilinear")[:, :, 8:56, 8:56] / 0.5 - 1

    loaded = LoadedModel(nn.Identity(), crop)
    assert seen_part(loaded, 48) == (slice(6, 42), slice(6, 42))
    found = over_seen_part(loaded, np.array([[[1.0, 2.0], [3.0, 4.0]]]), 48, "nearest")[0]
    assert found.dtype == np.float32
    assert [found[row, column] for row, column in ((6, 6), (6, 41), (41, 6), (23, 23), (24, 24))] == [1, 2, 3, 1, 4]
    outside = np.ones((48, 48), bool)
    outside[6:42, 6:42] = False
    assert not found[outside].any()


def test_the_probabilities_of_one_face(shipped, average_faces):
    with torch.no_grad():
        expected = shipped.module(shipped.preprocess(torch.from_numpy(average_faces)))[3].softmax(dim=0)
    found = face_probabilities(shipped, average_faces[3])
    assert (found.shape, found.dtype) == ((7,), np.float32)
    assert found == pytest.approx(expected.numpy(), abs=1e-5)


def test_models_of_the_hub_are_explained_by_all_that_suits_them(hub, average_faces):
    kind = hub.module.model.config.model_type
    before = hooks(hub.module)
    suited = [method for method in METHODS if not unsuited(hub, method)]
    assert suited == (
        list(METHODS) if kind == "vit" else ["hires-cam", "grad-cam", "occlusion", "integrated-gradients"]
    )
    maps = {method: heat_map(hub, average_faces[3], method, 3) for method in suited}
    assert all(np.isfinite(found).all() for found in maps.values())
    assert all(maps[method].any() for method in suited if method != "grad-cam")
    rows, _ = seen_part(hub, 48)
    assert (rows == WHOLE[0]) == (kind == "vit")
    assert not maps["hires-cam"][: rows.start].any()
    assert hooks(hub.module) == before
    logits = logits_of_pixels(hub)
    with torch.no_grad():
        face, gray = torch.from_numpy(average_faces[3:4] / np.float32(255)), torch.full((1, 48, 48), TRAINING_MEAN)
        difference = (logits(face[None])[0, 3] - logits(gray[None])[0, 3]).item()
    assert maps["integrated-gradients"].sum() == pytest.approx(difference, abs=0.2 * abs(difference) + 1e-3)
