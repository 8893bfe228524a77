"""`import fercore`: what it offers, and what it leaves alone."""

import subprocess
import sys
from pathlib import Path

import pytest

import fercore

HEAVY = ("torch", "torchvision", "transformers", "numpy", "pandas", "scipy", "sklearn", "PIL", "cv2", "altair", "onnx")
PACKAGE = Path(fercore.__file__).parent


@pytest.mark.parametrize("name", fercore.__all__)
def test_every_name_is_there_and_documented(name):
    assert getattr(fercore, name).__doc__
    assert name in dir(fercore)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'fercore' has no attribute 'lode'"):
        _ = fercore.lode


def loaded(code: str) -> set[str]:
    """Which of HEAVY a fresh interpreter has imported once it ran some code."""
    show = f"import sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    return set(result.stdout.split())


def test_importing_it_brings_nothing_heavy():
    assert loaded("import fercore") == set()


def test_looking_at_runs_brings_no_torch():
    found = loaded("import fercore; fercore.list_runs(); fercore.open_dataset")
    assert {"numpy", "pandas"} <= found
    assert not found & {"torch", "transformers", "cv2", "streamlit"}


def test_type_checkers_are_told_that_it_is_typed():
    assert (PACKAGE / "py.typed").is_file()
