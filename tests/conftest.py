"""What every test may ask for."""

import os
from pathlib import Path

import pytest

from fercore.data.fer2013 import Dataset
from fercore.data.prepare import prepare
from fercore.data.sources import open_source

SHARED_ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "fer2013" / "archive.zip"


@pytest.fixture(scope="session")
def fer2013_archive() -> Path:
    """The real Kaggle archive: FER2013_ARCHIVE, else ../shared/fer2013/archive.zip beside the repository.

    Without one the test is skipped, or fails where FERCORE_REQUIRE holds the word "data".
    """
    path = Path(os.environ.get("FER2013_ARCHIVE", SHARED_ARCHIVE))
    if not path.is_file():
        reason = f"no FER2013 archive at {path}; set FER2013_ARCHIVE to the Kaggle zip"
        if "data" in os.environ.get("FERCORE_REQUIRE", ""):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def fer2013_dataset(fer2013_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The real data set, prepared from the archive once a test session."""
    with open_source(fer2013_archive) as source:
        return prepare(source, tmp_path_factory.mktemp("fer2013") / "data")
