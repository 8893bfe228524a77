"""One epoch, exactly: which images, which learning rates, which means, which weights."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fercore.data.transforms import augment
from fercore.models.forward import model_input
from fercore.runs import RunError
from fercore.training import loop
from fercore.training.config import load_recipe
from fercore.training.evaluate import val_scores
from fercore.training.schedule import learning_rate
from fercore.training.setup import setup
from tests.data.test_transforms import Asked
from tests.training.conftest import TINY

# Nothing random in the network, and steps too small to change an answer.
STILL = {"dropout_conv": 0.0, "dropout_dense": 0.0, "batch_norm": False, "learning_rate": 1e-12, "momentum": 0.0}
STILL |= {"label_smoothing": 0.0, "weight_decay": 0.0, "ema": 0.0, "schedule": "constant", "epochs": 3}


@pytest.fixture
def make(dataset):
    """`make(epochs=3)`: a training that has not begun, with 2 steps of 16 of its 42 images in an epoch."""

    def made(**changes):
        return setup(load_recipe("report-cnn").override(**{**TINY, **STILL, **changes}), dataset)

    return made


def answers(fit, pixels):
    with torch.no_grad():
        return fit.module.eval()(model_input(fit.preprocess, pixels)).float()


@pytest.mark.parametrize("epoch", [0, 1])
def test_means_of_an_epoch_are_over_the_images_it_saw(make, epoch):
    fit = make(seed=2)
    batches = list(loop.batches(fit, 2 * 1_000_003 + epoch))
    logits = torch.cat([answers(fit, pixels) for pixels, _ in batches])
    labels = torch.cat([labels for _, labels in batches])
    assert (fit.steps, fit.batch_size, len(labels)) == (2, 16, 32)
    row = loop.train_epoch(fit, epoch)
    assert row["train_accuracy"] == pytest.approx((logits.argmax(1) == labels).double().mean().item(), abs=1e-7)
    assert 0 < row["train_accuracy"] < 1
    assert row["train_loss"] == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)


def test_the_loss_told_is_plain_whatever_is_minimised(make):
    plain = loop.train_epoch(make(), 0)
    other = loop.train_epoch(make(label_smoothing=0.3, class_weights="sqrt"), 0)
    assert other["train_loss"] == pytest.approx(plain["train_loss"], rel=1e-6)


def test_of_mixed_images_the_larger_part_is_the_right_answer(make):
    fit = make(mixup=1.0)
    torch.manual_seed(0 * 1_000_003)
    batches = list(loop.batches(fit, 0))
    logits = torch.cat([answers(fit, pixels) for pixels, _ in batches])
    shares = torch.cat([shares for _, shares in batches])
    row = loop.train_epoch(fit, 0)
    assert row["train_accuracy"] == pytest.approx(
        (logits.argmax(1) == shares.argmax(1)).double().mean().item(), abs=1e-7
    )
    assert row["train_loss"] == pytest.approx(F.cross_entropy(logits, shares).item(), rel=1e-5)


@pytest.mark.parametrize("schedule", ["onecycle", "cosine", "constant"])
def test_every_step_has_the_learning_rate_of_its_number(make, monkeypatch, schedule):
    fit = make(schedule=schedule, learning_rate=0.01, optimizer="adamw")
    used = []
    step = fit.optimizers["optimizer"].step
    monkeypatch.setattr(
        fit.optimizers["optimizer"],
        "step",
        lambda *_: (used.append({group["lr"] for group in fit.optimizers["optimizer"].param_groups}), step()),
    )
    rows = [loop.run_epoch(fit) for _ in range(3)]
    expected = [learning_rate(fit.config.training, number, 6) for number in range(6)]
    assert used == [{rate} for rate in expected]
    assert [row["learning_rate"] for row in rows] == expected[1::2]


def test_the_plateau_schedule_looks_at_the_finished_epochs(make):
    fit = make(schedule="plateau", plateau_patience=0, plateau_factor=0.5, epochs=4)
    rates = [loop.run_epoch(fit)["learning_rate"] / 1e-12 for _ in range(4)]
    # Steps that change no answer: from the second epoch on each one stalls, and the next sees it.
    assert rates == pytest.approx([1, 1, 0.5, 0.25])


def test_epochs_draw_every_batch_from_seed_and_epoch_without_repeating_an_image(make):
    fit = make()
    one, again, other = (list(loop.batches(fit, seed)) for seed in (5, 5, 6))
    for (pixels, labels), (same, same_labels) in zip(one, again, strict=True):
        assert torch.equal(pixels, same)
        assert torch.equal(labels, same_labels)
    assert not torch.equal(one[0][0], other[0][0])
    seen = torch.cat([pixels for pixels, _ in one]).flatten(1)
    assert len(torch.unique(seen, dim=0)) == 32
    order = torch.randperm(42, generator=torch.Generator().manual_seed(5))[:32]
    assert torch.equal(seen, fit.images[order].flatten(1).float() / 255)
    assert torch.equal(torch.cat([labels for _, labels in one]), fit.targets[order])


def test_a_batch_larger_than_the_images_is_all_of_them(make):
    fit = make(batch_size=64)
    assert (fit.batch_size, fit.steps) == (42, 1)
    assert len(next(loop.batches(fit, 0))[0]) == 42


def test_a_larger_step_has_the_learning_rate_and_the_average_that_go_with_it(make):
    fit = make(batch_scale=2, learning_rate=0.01, ema=0.9)
    assert (fit.batch_size, fit.steps) == (32, 1)
    assert loop.train_epoch(fit, 0)["learning_rate"] == 0.02
    training = fit.config.training
    assert training.ema_decay == pytest.approx(0.81)
    assert replace(training, optimizer="adamw", batch_scale=4).highest_rate == 0.02
    alone = replace(training, batch_scale=1)
    assert (alone.images_a_step, alone.highest_rate, alone.ema_decay) == (16, 0.01, 0.9)


@pytest.mark.slow
def test_a_compiled_network_learns_the_same_within_rounding(make, monkeypatch):
    monkeypatch.setattr(
        "fercore.training.setup.COMPILER", "aot_eager"
    )  # all of the compiler but the code that it writes
    settings = {"learning_rate": 0.05, "batch_norm": True, "horizontal_flip": 0.5, "ema": 0.9, "epochs": 2}
    plain, compiled = make(**settings), make(**settings, compile=True)
    for _ in range(2):
        row, same = loop.run_epoch(plain), loop.run_epoch(compiled)
        assert {**same, "seconds": 0} == pytest.approx({**row, "seconds": 0}, rel=1e-4)
    assert compiled.module.state_dict().keys() == plain.module.state_dict().keys()
    for name, tensor in plain.evaluated.state_dict().items():
        torch.testing.assert_close(compiled.evaluated.state_dict()[name], tensor, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_a_network_that_cannot_be_compiled_says_what_to_do(make, monkeypatch):
    def no_compiler(*_):
        raise RuntimeError("no working C++ compiler")

    monkeypatch.setattr("fercore.training.setup.COMPILER", no_compiler)
    with pytest.raises(RunError, match=r"--compile: the network cannot be compiled here \(.*leave --compile out"):
        loop.train_epoch(make(compile=True), 0)


def test_nothing_is_asked_of_the_device_within_a_step(make):
    changes = {"horizontal_flip": 0.5, "rotation": 9.0, "brightness": 0.2, "erasing": 0.3, "gradient_clip": 1.0}
    fit = make(**changes, learning_rate=0.01, momentum=0.9, dropout_conv=0.2)
    with Asked() as asked:
        loop.train_epoch(fit, 0)
    assert asked.number == 0


def test_one_step_of_plain_sgd_by_hand(make):
    fit = make(learning_rate=0.5, batch_size=42)
    weights = [parameter.detach().clone() for parameter in fit.module.parameters()]
    pixels, labels = next(loop.batches(fit, 0))
    loss = F.cross_entropy(fit.module.train()(model_input(fit.preprocess, pixels)), labels)
    gradients = torch.autograd.grad(loss, list(fit.module.parameters()))
    loop.train_epoch(fit, 0)
    for parameter, before, gradient in zip(fit.module.parameters(), weights, gradients, strict=True):
        torch.testing.assert_close(parameter.detach(), before - 0.5 * gradient, rtol=1e-4, atol=1e-6)


def test_a_clipped_gradient_has_the_norm_that_was_asked_for(make):
    fit = make(learning_rate=1.0, batch_size=42, gradient_clip=0.01)
    before = torch.cat([parameter.detach().flatten().clone() for parameter in fit.module.parameters()])
    loop.train_epoch(fit, 0)
    after = torch.cat([parameter.detach().flatten() for parameter in fit.module.parameters()])
    assert (after - before).norm().item() == pytest.approx(0.01, rel=1e-3)


def test_the_average_is_what_is_evaluated_and_follows_each_step(make):
    fit = make(learning_rate=0.5, batch_size=42, ema=0.9)
    first = [parameter.detach().clone() for parameter in fit.module.parameters()]
    assert fit.evaluated is fit.average.module
    loop.train_epoch(fit, 0)  # the first update takes the weights as they are
    for averaged, now in zip(fit.average.module.parameters(), fit.module.parameters(), strict=True):
        torch.testing.assert_close(averaged, now)
    second = [parameter.detach().clone() for parameter in fit.module.parameters()]
    loop.train_epoch(fit, 1)
    weight = 1 - (1 + 1) / (10 + 1)  # the warm-up of the decay, after one update
    for averaged, before, now in zip(fit.average.module.parameters(), second, fit.module.parameters(), strict=True):
        torch.testing.assert_close(averaged, before + weight * (now - before), rtol=1e-4, atol=1e-6)
    assert any(not torch.equal(one, two) for one, two in zip(first, second, strict=True))


def test_smoothing_and_class_weights_are_cross_entropy_s(make):
    fit = make(label_smoothing=0.2)
    fit.class_weights = torch.arange(1.0, 8.0)
    logits, labels = torch.randn(5, 7, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 2, 6, 6, 1])
    expected = F.cross_entropy(logits, labels, weight=torch.arange(1.0, 8.0), label_smoothing=0.2)
    torch.testing.assert_close(loop._loss(fit, logits, labels, None), expected)


def test_guidance_adds_its_loss_with_its_weight(make):
    fit = make()
    fit.config = replace(
        fit.config, training=replace(fit.config.training, teacher="t", distillation=0.5, guidance=0.25)
    )
    fit.guidance = SimpleNamespace(loss=lambda: torch.tensor(8.0))
    logits, labels = torch.zeros(2, 7), torch.tensor([0, 1])
    torch.testing.assert_close(loop._loss(fit, logits, labels, None), F.cross_entropy(logits, labels) + 2)


def test_processes_share_every_batch_and_augment_each_with_draws_of_its_own(make):
    fit = make(rotation=20.0)
    order = torch.randperm(42, generator=torch.Generator().manual_seed(5))
    for rank in (0, 1):
        fit.accelerator = SimpleNamespace(process_index=rank, num_processes=2)
        for number, (pixels, labels) in enumerate(loop.batches(fit, 5)):
            chosen = order[16 * number : 16 * number + 16][rank::2]
            assert torch.equal(labels, fit.targets[chosen])
            if number == 0:
                draws = torch.Generator().manual_seed(5 + 500_000 * rank + 1)
                assert torch.equal(pixels, augment(fit.images[chosen], fit.config.augment, draws))


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_teacher_has_the_share_of_the_loss_that_was_asked_for(make, share):
    fit = make()
    training = replace(fit.config.training, teacher="t", distillation=share, temperature=2.0)
    fit.config = replace(fit.config, training=training)
    generator = torch.Generator().manual_seed(0)
    logits, taught = torch.randn(5, 7, generator=generator), torch.randn(5, 7, generator=generator)
    labels = torch.tensor([0, 2, 6, 6, 1])
    # Kullback and Leibler's divergence at that temperature, times its square (Hinton et al. 2015).
    shares = F.softmax(taught / 2, 1)
    soft = 4 * (shares * (shares.log() - F.log_softmax(logits / 2, 1))).sum(1).mean()
    expected = (1 - share) * F.cross_entropy(logits, labels) + share * soft
    torch.testing.assert_close(loop._loss(fit, logits, labels, taught), expected)


@pytest.mark.parametrize(("early_stopping", "epochs"), [(0, 3), (1, 2), (9, 3)])
def test_a_training_ends_after_its_epochs_or_its_patience(make, monkeypatch, early_stopping, epochs):
    fit = make(epochs=3, early_stopping=early_stopping)
    monkeypatch.setattr(loop, "validate", lambda _: {"val_loss": 1.0, "val_accuracy": 0.3, "val_macro_f1": 0.1})
    while not loop.is_done(fit):
        loop.run_epoch(fit)
    assert len(fit.history) == epochs


def test_validation_scores_by_hand():
    answers = np.zeros((3, 7), np.float32)
    answers[:2, :3] = [0.5, 0.25, 0.25]
    answers[2, 1] = 1
    found = val_scores(np.array([0, 1, 0]), answers)
    assert found["val_accuracy"] == pytest.approx(1 / 3)
    assert found["val_loss"] == pytest.approx(-(np.log(0.5) + np.log(0.25) + np.log(1e-12)) / 3)
    # angry: precision and recall 1/2; disgust: 0; the other five do not occur and do not count.
    assert found["val_macro_f1"] == pytest.approx(0.5 / 2)


def test_validation_is_of_the_val_split_and_of_the_weights_that_are_kept(make, dataset):
    fit = make()
    logits = answers(fit, torch.from_numpy(np.array(dataset.images[dataset.indices("val")])))
    expected = val_scores(dataset.labels[dataset.indices("val")], logits.softmax(1).numpy())
    found = loop.validate(fit)
    assert found["val_accuracy"] == expected["val_accuracy"]
    assert found["val_loss"] == pytest.approx(expected["val_loss"], rel=1e-4)


def test_a_loss_that_is_not_finite_ends_the_training(make):
    fit = make(learning_rate=0.125)
    with torch.no_grad():
        next(fit.module.parameters()).fill_(float("nan"))
    with pytest.raises(RunError, match=r"no longer finite in epoch 2; lower --learning-rate \(now 0.125\)"):
        loop.train_epoch(fit, 1)


def test_another_seed_gives_other_first_weights_and_epochs_of_its_own(make):
    one, again, other = make(seed=3), make(seed=3), make(seed=4)
    first, same, different = (next(fit.module.parameters()).detach() for fit in (one, again, other))
    assert torch.equal(first, same)
    assert not torch.equal(first, different)
    assert loop.train_epoch(one, 0) == loop.train_epoch(again, 0)
