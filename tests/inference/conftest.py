"""Pictures to find faces in."""

from pathlib import Path

import numpy as np
import pytest

from fercore.data.decode import read_photo
from fercore.inference.detectors import Mtcnn, YuNet

PORTRAIT = Path(__file__).resolve().parents[2] / "dashboard" / "examples" / "portrait.jpg"


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """A real photo, uint8 (512, 512, 3), of one face whose eyes lie at about (206, 103) and (249, 105)."""
    return read_photo(PORTRAIT.read_bytes()).pixels


@pytest.fixture(scope="session")
def mtcnn() -> Mtcnn:
    return Mtcnn()


@pytest.fixture(scope="session")
def yunet(yunet_file: Path) -> YuNet:
    return YuNet(yunet_file)


@pytest.fixture(params=["mtcnn", pytest.param("yunet", marks=pytest.mark.detector)])
def detector(request: pytest.FixtureRequest) -> Mtcnn | YuNet:
    """Each detector in turn."""
    return request.getfixturevalue(request.param)
