"""Without the packages of an extra, what needs them says how to get them."""

import sys

import pytest

from fercore.export.files import export_run
from fercore.extras import import_extra
from fercore.inference.predictor import Predictor
from fercore.runs import RunError
from fercore.training.executors import on_ray
from tests.factories.runs import make_run


@pytest.fixture
def lacks(monkeypatch):
    """Call it with the name of a package to make it as if that were not installed."""
    return lambda name: monkeypatch.setitem(sys.modules, name, None)


def test_what_is_installed_is_imported():
    assert import_extra("json", "export") is sys.modules["json"]


@pytest.mark.parametrize("name", ["onnx", "onnxscript"])
def test_writing_onnx_needs_the_extra_export(lacks, tmp_path, name):
    run = make_run(tmp_path / "runs", weights=True)
    lacks(name)
    with pytest.raises(RunError, match=rf'{name} is not installed; .* pip install -e "\.\[export\]"'):
        export_run(run, "onnx", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_answering_with_onnx_needs_the_extra_export(lacks, tmp_path):
    run = make_run(tmp_path, weights=True)
    lacks("onnxruntime")
    with pytest.raises(RunError, match=r'onnxruntime is not installed; .* "fercore\[export\]"'):
        Predictor.from_run(run, runtime="onnx")


def test_ray_needs_the_extra_ray(lacks):
    lacks("ray")
    with pytest.raises(RunError, match=r'ray is not installed; .* pip install -e "\.\[ray\]"'):
        on_ray(1, 0)
