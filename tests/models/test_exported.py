"""What scripts/export.py --format huggingface writes comes back by scripts/add_model.py and answers as before."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from fercore.data.transforms import Preprocess
from fercore.export.huggingface import write_folder
from fercore.models.add import add_model
from fercore.models.forward import probabilities
from fercore.models.plain import PlainConfig
from fercore.models.registry import build, load, save_model
from fercore.models.resnet import ResNet18Config
from fercore.models.vit import ViTConfig
from fercore.runs import RunError, list_runs
from tests.factories.runs import make_run

CONFIGS = {
    "plain": PlainConfig(widths=(8, 16), convolutions=(2, 1)),
    "resnet18": ResNet18Config(),
    "vit": ViTConfig(patch_size=8, hidden_size=16, layers=2, heads=2, mlp_ratio=2.0),
}
FACES = np.random.default_rng(3).integers(0, 256, (4, 48, 48), dtype=np.uint8)


def exported(folder, kind):
    """A run with random weights, and the folder that an export makes of it."""
    run = make_run(folder / "runs", "mine", weights=kind == "cnn")
    if kind != "cnn":
        torch.manual_seed(1)
        module = build(kind, CONFIGS[kind])
        for name, buffer in module.named_buffers():  # as a training leaves them, so that folding has something to do
            if name.endswith("running_mean"):
                buffer.uniform_(-0.5, 0.5)
            if name.endswith("running_var"):
                buffer.uniform_(0.5, 2)
        save_model(run.path, kind, CONFIGS[kind], module.state_dict(), Preprocess(mean=0.4, std=0.3))
    (folder / "theirs").mkdir()
    write_folder(run, load(run), folder / "theirs")
    return run, folder / "theirs"


def answers(run):
    model = load(run)
    return probabilities(model.module, model.preprocess, FACES)


@pytest.mark.parametrize("kind", ["cnn", "plain", "resnet18", "vit"])
def test_an_exported_folder_becomes_a_run_with_the_same_answers(tmp_path, kind):
    run, folder = exported(tmp_path, kind)
    added = add_model(str(folder), tmp_path / "runs", splits=["train"])
    np.testing.assert_allclose(answers(added), answers(run), atol=1e-5)
    assert (added.classes, added.info["labels"]) == (run.classes, list(run.classes))
    assert added.info["config"]["model"]["type"] == kind
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["mine", "theirs"]
    assert list_runs(tmp_path / "runs")[1] == {}


def test_the_code_in_the_folder_is_not_run(tmp_path):
    _, folder = exported(tmp_path, "plain")
    for file in folder.glob("*.py"):
        file.write_text("raise SystemExit('this was run')")
    assert add_model(str(folder), tmp_path / "runs").name == "theirs"


def change_config(folder, **changes):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def lose_a_tensor(folder):
    state = load_file(folder / "model.safetensors")
    save_file({name: state[name] for name in sorted(state)[1:]}, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: change_config(folder, network="gpt"), "its network is 'gpt' with .*, expected one of cnn"),
        (lambda folder: change_config(folder, settings={"widths": [8, 16, 32]}), "do not belong together"),
        (lambda folder: change_config(folder, settings={"no": 1}), "do not belong together"),
        (lambda folder: change_config(folder, settings=3), "its network is 'plain' with 3"),
        (lambda folder: (folder / "preprocessor_config.json").write_text("{}"), "is not as this project writes it"),
        (lose_a_tensor, "do not belong together"),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(b"no weights"),
            r"model\.safetensors cannot be read",
        ),
    ],
)
def test_a_changed_folder_is_refused_and_nothing_is_left(tmp_path, change, says):
    _, folder = exported(tmp_path, "plain")
    shutil.rmtree(tmp_path / "runs")
    change(folder)
    with pytest.raises(RunError, match=f"theirs cannot be added: .*{says}"):
        add_model(str(folder), tmp_path / "runs")
    assert list((tmp_path / "runs").glob("*")) == []
