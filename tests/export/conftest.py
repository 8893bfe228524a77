"""Small runs of several architectures, with weights that answer differently to different faces."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fercore.data.dataset import Dataset
from fercore.data.transforms import Preprocess
from fercore.models.plain import PlainConfig
from fercore.models.registry import build, save_model
from fercore.models.vit import ViTConfig
from fercore.runs import Run
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

CONFIGS = {
    "plain": PlainConfig(widths=(8, 16), convolutions=(2, 1)),
    "vit": ViTConfig(patch_size=8, hidden_size=16, layers=2, heads=2, mlp_ratio=2.0),
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(tmp_path_factory.mktemp("data") / "d", per_class=6)


@pytest.fixture
def make(tmp_path: Path, dataset: Dataset) -> Callable[..., Run]:
    """`make("plain", name="a")`: an evaluated run with random weights of an architecture."""

    def made(kind: str, name: str = "small", seed: int = 0) -> Run:
        run = make_run(tmp_path / "runs", name, dataset=dataset, seed=seed, weights=kind == "cnn")
        if kind != "cnn":
            torch.manual_seed(seed)
            save_model(run.path, kind, CONFIGS[kind], build(kind, CONFIGS[kind]).state_dict(), Preprocess(mean=0.4))
        return run

    return made
