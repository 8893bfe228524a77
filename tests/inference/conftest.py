"""Pictures to find faces in."""

from pathlib import Path

import numpy as np
import pytest

from fercore.data.decode import decode_rgb
from fercore.inference.faces import Detector

PORTRAIT = Path(__file__).resolve().parents[2] / "dashboard" / "examples" / "portrait.jpg"


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """A real photo, uint8 (512, 512, 3), of one face whose eyes lie at about (206, 103) and (249, 105)."""
    return decode_rgb(PORTRAIT.read_bytes())


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector()
