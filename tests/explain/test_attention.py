"""Rollout and relevance by hand; attention of a real transformer as transformers itself reports it."""

import numpy as np
import pytest
import torch

from fercore.explain import attention
from fercore.explain.inputs import face_tensor, over_seen_part

# One head, two layers, two tokens.
ATTENTION = np.array([[[[0.5, 0.5], [0.2, 0.8]]], [[[1.0, 0.0], [0.4, 0.6]]]])
GRADIENTS = np.array([[[[1.0, -1.0], [2.0, 0.0]]], [[[0.0, 3.0], [1.0, 1.0]]]])
CLASS = 5


@pytest.fixture
def reported(vit, quarters):
    """Attention and its gradients, (layers, heads, T, T), through transformers' own `output_attentions`."""
    model = vit.module.model
    model.set_attn_implementation("eager")
    answer = model(vit.preprocess(face_tensor(quarters)[:, 0]), output_attentions=True)
    gradients = torch.autograd.grad(answer.logits[0, CLASS], answer.attentions)
    model.set_attn_implementation("sdpa")
    return torch.cat(answer.attentions).detach().numpy(), torch.cat(gradients).numpy()


def test_rollout_by_hand():
    # Halved with the identity the layers are [.75 .25; .1 .9] and [1 0; .2 .8]; the second times the first:
    assert attention.rollout(ATTENTION) == pytest.approx(np.array([[0.75, 0.25], [0.23, 0.77]]))


def test_rollout_averages_heads():
    two_heads = np.concatenate([ATTENTION, ATTENTION[:, :, ::-1, ::-1]], axis=1)
    mean = two_heads.mean(axis=1, keepdims=True)
    assert attention.rollout(two_heads) == pytest.approx(attention.rollout(mean))


def test_relevance_by_hand():
    # Positive parts of attention times gradient: [.5 0; .4 0], then [0 0; .4 .6]. From the identity to
    # [1.5 0; .4 1], to which the second layer adds itself times that, [0 0; .84 .6].
    assert attention.relevance(ATTENTION, GRADIENTS) == pytest.approx(np.array([[1.5, 0], [1.24, 1.6]]))


def test_relevance_rectifies_each_head_before_it_averages():
    two_heads, gradients = np.repeat(ATTENTION, 2, axis=1), np.concatenate([GRADIENTS, -GRADIENTS], axis=1)
    # The second head turns signs round: [0 .5; 0 0], then nothing. Means: [.25 .25; .2 0] and [0 0; .2 .3].
    # [1.25 .25; .2 1], to which the second layer adds [0 0; .31 .35].
    assert attention.relevance(two_heads, gradients) == pytest.approx(np.array([[1.25, 0.25], [0.51, 1.35]]))


def test_without_a_positive_gradient_every_token_matters_to_itself_only():
    assert np.array_equal(attention.relevance(ATTENTION, -ATTENTION), np.eye(2))


def test_attention_is_what_transformers_reports(vit, quarters, reported):
    found = attention.attentions(vit, quarters)
    assert (found.shape, found.dtype) == ((3, 4, 37, 37), np.float32)
    assert found == pytest.approx(reported[0], abs=1e-6)
    assert found.sum(axis=-1) == pytest.approx(np.ones((3, 4, 37)), abs=1e-5)
    assert attention.rollout(found).sum(axis=1) == pytest.approx(np.ones(37))


def test_the_rollout_map_holds_the_shares_of_the_patches(vit, quarters):
    found = attention.attention_rollout(vit, quarters)
    shares = attention.rollout(attention.attentions(vit, quarters))[0, 1:].reshape(6, 6)
    assert (found.shape, found.dtype) == ((48, 48), np.float32)
    corners = np.ix_([0, -1], [0, -1])
    assert found[corners] == pytest.approx(shares[corners])


def test_relevance_uses_the_gradients_of_the_class(vit, quarters, reported):
    expected = attention.relevance(*reported)[0, 1:].reshape(6, 6)
    found = attention.attention_relevance(vit, quarters, CLASS)
    corners = np.ix_([0, -1], [0, -1])
    assert found[corners] == pytest.approx(expected[corners], rel=1e-3)
    assert expected[corners].max() > 0


def test_token_cam_equals_its_formula(vit, quarters):
    # The last block's attention reads these tokens; what comes after is a function of them and of what they came from.
    model, norm = vit.module.model, vit.module.model.vit.layers[-1].layernorm_before
    with torch.no_grad():
        states = model.vit(vit.preprocess(face_tensor(quarters)[:, 0]), output_hidden_states=True).hidden_states[-2]
        tokens = norm(states)
    tokens.requires_grad_()
    last = model.vit.layers[-1]
    after = states + last.attention(tokens)[0]
    after = after + last.mlp(last.layernorm_after(after))
    logit = model.classifier(model.vit.layernorm(after)[:, 0])[0, CLASS]
    (gradient,) = torch.autograd.grad(logit, tokens)
    weights = gradient[0, 1:].mean(dim=0)
    expected = (tokens[0, 1:] @ weights).relu().detach().numpy()
    hires = (tokens * gradient)[0, 1:].sum(dim=1).detach().numpy()
    found = attention.token_cam(vit, quarters, CLASS)
    cells = np.stack([expected, hires]).reshape(2, 6, 6)
    plain_map, hires_map = over_seen_part(vit, cells, 48)
    assert found == pytest.approx(plain_map, rel=1e-3, abs=1e-5 * float(expected.max()))
    assert expected.any()
    found = attention.token_hires_cam(vit, quarters, CLASS)
    assert found == pytest.approx(hires_map, rel=1e-3, abs=1e-4 * float(hires.max()))


def test_any_block_s_tokens(vit, quarters):
    assert list(attention.token_layers(vit.module)) == ["block 1", "block 2", "block 3"]
    last = attention.token_cam(vit, quarters, CLASS)
    assert np.array_equal(attention.token_cam(vit, quarters, CLASS, "block 3"), last)
    assert not np.array_equal(attention.token_cam(vit, quarters, CLASS, "block 1"), last)
    with pytest.raises(ValueError, match="received the layer 'block 4', expected one of block 1, block 2, block 3"):
        attention.token_cam(vit, quarters, CLASS, "block 4")


def test_heads_of_a_block_are_squares_of_the_patches_weights(vit, quarters):
    assert attention.block_names(vit) == ["block 1", "block 2", "block 3"]
    found = attention.block_heads(vit, quarters, "block 2")
    weights = attention.attentions(vit, quarters)[1, :, 0, 1:].reshape(4, 6, 6)
    assert np.array_equal(found, np.kron(weights, np.ones((8, 8), np.float32)))


def test_patches_lie_row_by_row():
    assert attention.patch_grid(np.arange(4)[None]).tolist() == [[[0, 1], [2, 3]]]


def test_patches_that_are_no_square_are_refused():
    with pytest.raises(ValueError, match="received 6 patches, expected a square number"):
        attention.patch_grid(np.ones((1, 6)))
