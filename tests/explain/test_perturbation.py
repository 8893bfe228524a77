"""Occlusion and integrated gradients equal values worked out by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from fercore.data.transforms import TRAINING_MEAN, Preprocess
from fercore.explain import gradients, occlusion
from fercore.models.registry import LoadedModel
from tests.explain.conftest import PIXELS

WHITE = np.full((48, 48), 255, np.uint8)


class OnePixel(nn.Module):
    """The logit of class 0 is a function of the pixel in row 20, column 20; all others are 0."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, images):
        logits = torch.zeros(len(images), 7)
        logits[:, 0] = self.function(images[:, 0, 20, 20])
        return logits


@pytest.fixture
def linear():
    """Class 0's logit is a weighted sum of 16x16 pixels in three channels."""
    torch.manual_seed(0)
    return LoadedModel(nn.Sequential(nn.Flatten(), nn.Linear(3 * 16**2, 7)), Preprocess(16, 3, 0.4, 0.2))


def test_occlusion_of_the_one_pixel_that_matters():
    # White gives 6 : (1+1+1+1+1+1), so 1/2; hidden, the pixel is the training mean m and leaves 6^m / (6^m + 6).
    model = LoadedModel(OnePixel(lambda pixel: np.log(6) * pixel), PIXELS)
    lost = 0.5 - 6**TRAINING_MEAN / (6**TRAINING_MEAN + 6)
    found = occlusion.occlusion(model, WHITE, target=0)
    assert (found.shape, found.dtype) == ((48, 48), np.float32)
    # Windows start at 0, 4, ..., 40 and are 8 wide: pixel 20 lies under those from 16 and 20 in each direction.
    assert found[20, 20] == pytest.approx(lost)  # all four windows over it hide it
    assert found[16, 20] == pytest.approx(lost / 2)  # of the windows from 12 and 16 only the second
    assert found[16, 16] == pytest.approx(lost / 4)
    assert found[24, 27] == pytest.approx(lost / 4)
    inside = np.zeros((48, 48), bool)
    inside[16:28, 16:28] = True
    assert np.array_equal(np.abs(found) > 1e-6, inside)


def test_hiding_what_speaks_against_a_class_is_negative():
    model = LoadedModel(OnePixel(lambda pixel: np.log(6) * pixel), PIXELS)
    share = (1 - 0.5) / 6  # of each other class, from 1/12 up once the pixel is hidden
    hidden = 1 / (6**TRAINING_MEAN + 6)
    assert occlusion.occlusion(model, WHITE, target=1)[20, 20] == pytest.approx(share - hidden)


def test_integrated_gradients_of_a_square_by_hand():
    # The integral of 2x from m to 1 is 1 - m^2, all of it in one pixel.
    model = LoadedModel(OnePixel(torch.square), PIXELS)
    found = gradients.integrated_gradients(model, WHITE, target=0)
    assert (found.shape, found.dtype) == ((48, 48), np.float32)
    assert found[20, 20] == pytest.approx(1 - TRAINING_MEAN**2, rel=1e-5)
    found[20, 20] = 0
    assert not found.any()


def test_integrated_gradients_of_a_linear_model_are_weights_times_distance_from_gray(quarters):
    torch.manual_seed(0)
    dense = nn.Linear(48**2, 7)
    found = gradients.integrated_gradients(LoadedModel(nn.Sequential(nn.Flatten(), dense), PIXELS), quarters, 4)
    expected = dense.weight[4].detach().numpy().reshape(48, 48) * (quarters / 255 - TRAINING_MEAN)
    assert found == pytest.approx(expected, abs=1e-6)


def test_integrated_gradients_are_complete_through_resizing_and_channels(linear, quarters):
    with torch.no_grad():
        faces = torch.stack([torch.from_numpy(quarters) / 255, torch.full((48, 48), TRAINING_MEAN)])
        face, gray = linear.module(linear.preprocess(faces))[:, 0].tolist()
    assert gradients.integrated_gradients(linear, quarters, 0).sum() == pytest.approx(face - gray, rel=1e-4)


def test_integrated_gradients_of_the_reports_cnn_are_complete(shipped, average_faces):
    face = average_faces[3]
    with torch.no_grad():
        faces = torch.stack([torch.from_numpy(face) / 255, torch.full((48, 48), TRAINING_MEAN)])
        difference = shipped.module(shipped.preprocess(faces))[:, 3].diff().item()
    found = gradients.integrated_gradients(shipped, face, 3)
    assert found.sum() == pytest.approx(-difference, abs=0.02)


@pytest.mark.parametrize(
    ("method", "parts"),
    [(occlusion.occlusion, occlusion.PARTS), (gradients.integrated_gradients, gradients.PARTS)],
)
def test_parts_add_up_to_the_map(linear, quarters, method, parts):
    whole = method(linear, quarters, 0)
    pieces = [method(linear, quarters, 0, part) for part in range(parts)]
    assert sum(pieces) == pytest.approx(whole, abs=1e-6)
    assert all(piece.any() for piece in pieces)


@pytest.mark.parametrize("method", [occlusion.occlusion, gradients.integrated_gradients])
@pytest.mark.parametrize("face", [np.zeros((48, 48)), np.zeros((1, 48, 48), np.uint8), np.zeros((48, 48, 1), np.uint8)])
def test_only_a_face_is_explained(linear, method, face):
    with pytest.raises(ValueError, match=r"expected one square uint8 face \(S, S\)"):
        method(linear, face, 0)


def test_windows_follow_the_side_of_the_face():
    assert occlusion.windows(48) == (8, list(range(0, 41, 4)))
    window, tops = occlusion.windows(64)
    assert (window, tops[0], tops[-1]) == (11, 0, 53)
    covered = {row for top in tops for row in range(top, top + window)}
    assert covered == set(range(64))
    assert occlusion.windows(224)[0] == 37


def test_occlusion_hides_all_colours_of_a_place_of_a_larger_face():
    class Pixel(nn.Module):
        def forward(self, images):  # (N, 3, 96, 96)
            return torch.stack([np.log(6) * images[:, :, 40, 40].mean(dim=1), *[torch.zeros(len(images))] * 6], dim=1)

    white = np.full((96, 96, 3), 255, np.uint8)
    found = occlusion.occlusion(LoadedModel(Pixel(), lambda pixels: pixels), white, target=0)
    lost = 0.5 - 6**TRAINING_MEAN / (6**TRAINING_MEAN + 6)
    assert (found.shape, found.dtype) == ((96, 96), np.float32)
    # Windows start at 0, 8, ..., 80 and are 16 wide: pixel 40 lies under those from 32 and 40.
    assert found[40, 40] == pytest.approx(lost)
    assert found[32, 40] == pytest.approx(lost / 2)
    inside = np.zeros((96, 96), bool)
    inside[32:56, 32:56] = True
    assert np.array_equal(np.abs(found) > 1e-6, inside)


def test_integrated_gradients_of_colours_are_summed_for_each_pixel():
    torch.manual_seed(0)
    dense, face = nn.Linear(3 * 8**2, 8), np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    model = LoadedModel(nn.Sequential(nn.Flatten(), dense), lambda pixels: pixels)
    weights = dense.weight[7].detach().numpy().reshape(3, 8, 8).transpose(1, 2, 0)
    expected = (weights * (face / 255 - TRAINING_MEAN)).sum(axis=2)
    assert gradients.integrated_gradients(model, face, target=7) == pytest.approx(expected, abs=1e-5)
