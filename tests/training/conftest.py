"""What tests of trainings share: a data set that a tiny model learns in a blink; one thread, for exact repeats."""

from collections.abc import Iterator

import pytest
import torch

from fercore.data.dataset import Dataset
from tests.factories.data import make_dataset

TINY = {"first_filters": 4, "conv_layers": 2, "dense": [8], "pool_layers": 2, "batch_size": 16, "precision": "fp32"}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(tmp_path_factory.mktemp("data") / "d", per_class=6)
