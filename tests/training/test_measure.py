"""What a training will cost is measured on steps of its own, and leaves nothing behind."""

from dataclasses import replace

import pytest

from fercore.runs import RunError
from fercore.training.config import load_recipe
from fercore.training.measure import Cost, measure
from tests.factories.data import make_dataset

SMALL = {"first_filters": 8, "conv_layers": 2, "pool_layers": 2, "dense": (8,), "batch_size": 16, "epochs": 3}


def test_cost_of_a_small_network(tmp_path):
    dataset = make_dataset(tmp_path / "data", per_class=8)  # 56 training images: 3 steps an epoch
    before = sorted(path.name for path in (tmp_path / "data").iterdir())
    found = measure(load_recipe("report-cnn").override(**SMALL, init_from="missing"), dataset, tmp_path / "runs")
    # Two convolutions without biases and their batch norms, 16 maps of 12x12 pixels, and two dense layers.
    assert found.parameters == (72 + 16) + (1152 + 32) + (16 * 144 * 8 + 8) + (8 * 7 + 7)
    assert found.images_per_second == pytest.approx(16 / found.step_seconds)
    assert found.epoch_seconds > 3 * found.step_seconds
    assert found.total_seconds == pytest.approx(3 * found.epoch_seconds)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == before


def test_a_teacher_counts_and_the_classes_are_the_datas(tmp_path):
    dataset = make_dataset(tmp_path / "data", per_class=4, classes=("happy", "sad", "contempt"))
    config = load_recipe("report-cnn").override(**SMALL)
    assert measure(config, dataset, tmp_path).parameters == (72 + 16) + (1152 + 32) + (16 * 144 * 8 + 8) + (8 * 3 + 3)
    with pytest.raises(RunError, match="--teacher missing"):
        measure(config.override(teacher="missing", distillation=0.5), dataset, tmp_path)


def test_words_say_whether_it_fits():
    cost = Cost(2_500_000, 0.1, 12.0, 240.0, 1280.0, 3 * 2**30, 8 * 2**30)
    assert cost.words() == (
        "2.50 million parameters. Measured here on 3 steps: 1280 images/s, about 12 s an epoch, 4 min in all. "
        "Memory: 3.0 GB, which fits into the 8.0 GB that are free."
    )
    assert "does not fit" in replace(cost, free_bytes=2**30).words()
