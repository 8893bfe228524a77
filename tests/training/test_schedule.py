import math

import pytest
import torch

from fercore.training.config import TrainingConfig
from fercore.training.schedule import count_stalls, learning_rate


def test_onecycle_is_torchs():
    total = 50
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    # torch counts the warm-up's end as step pct_start * total - 1.
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.1, total_steps=total, pct_start=11 / 50, cycle_momentum=False
    )
    config = TrainingConfig(schedule="onecycle", learning_rate=0.1, warmup=0.2)
    for step in range(total):
        assert learning_rate(config, step, total) == pytest.approx(scheduler.get_last_lr()[0], rel=1e-9), step
        optimizer.step()
        scheduler.step()


def test_cosine_by_hand():
    config = TrainingConfig(schedule="cosine", learning_rate=0.8, warmup=0.2)
    rates = [learning_rate(config, step, 11) for step in range(11)]
    assert rates[:3] == pytest.approx([0.0, 0.4, 0.8])
    assert rates[6] == pytest.approx(0.4)
    assert rates[10] == pytest.approx(0.0)


@pytest.mark.parametrize("schedule", ["onecycle", "cosine"])
def test_the_warm_up_ends_at_the_highest_rate_and_the_training_at_the_lowest(schedule):
    config = TrainingConfig(schedule=schedule, learning_rate=0.8, warmup=0.25)
    rates = [learning_rate(config, step, 100) for step in range(100)]
    assert rates[25] == 0.8
    assert (rates.index(max(rates)), max(rates)) == (25, 0.8)
    assert rates[24] < 0.8 > rates[26]
    assert rates[99] == pytest.approx(0.8 / 250_000 if schedule == "onecycle" else 0, abs=1e-12)
    assert rates[0] == pytest.approx(0.8 / 25 if schedule == "onecycle" else 0)
    assert rates[24] == pytest.approx(
        0.8 * 24 / 25 if schedule == "cosine" else 0.032 + 0.768 * (1 - math.cos(math.pi * 24 / 25)) / 2
    )


def test_the_warm_up_is_rounded_to_the_nearest_step():
    config = TrainingConfig(schedule="cosine", learning_rate=0.8, warmup=0.19)
    rates = [learning_rate(config, step, 10) for step in range(10)]
    assert rates.index(0.8) == 2


def test_without_a_warm_up_the_first_step_has_the_highest_rate():
    for schedule in ("onecycle", "cosine"):
        config = TrainingConfig(schedule=schedule, learning_rate=0.8, warmup=0.0)
        assert learning_rate(config, 0, 10) == 0.8
        assert learning_rate(config, 0, 1) == 0.8  # a training of one step


def test_patience_is_how_many_epochs_may_stall():
    assert [count_stalls([0.5] * epochs, 2) for epochs in (1, 3, 4, 6, 7)] == [0, 0, 1, 1, 2]
    assert count_stalls([0.5, 0.4, 0.6, 0.5], 1) == 0
    assert count_stalls([], 0) == 0


def test_plateau_is_torchs_reduce_on_plateau():
    values = [0.1, 0.2, 0.2, 0.19, 0.18, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.3, 0.1]
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.5)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "max", factor=0.5, patience=2, threshold=0)
    config = TrainingConfig(schedule="plateau", learning_rate=0.5, plateau_factor=0.5, plateau_patience=2)
    for done, value in enumerate(values, start=1):
        scheduler.step(value)
        expected = optimizer.param_groups[0]["lr"]
        assert learning_rate(config, 0, 1, values[:done]) == pytest.approx(expected), done
    assert count_stalls(values, 2) == 3


def test_constant():
    config = TrainingConfig(schedule="constant", learning_rate=0.3)
    assert [learning_rate(config, step, 10) for step in (0, 5, 9)] == [0.3, 0.3, 0.3]
