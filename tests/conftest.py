"""What every test may ask for."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest

from fercore.data.dataset import Dataset, open_dataset
from fercore.data.prepare import prepare
from fercore.data.sources import open_source
from fercore.inference.detector_file import MTCNN, NAME, VARIABLE

SHARED_ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "fer2013" / "archive.zip"

SHARED_DETECTOR = Path(__file__).resolve().parents[2] / "shared" / "detector" / NAME


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> None:
    """What runs in the background of a shell ignores Ctrl-C, and so would the scripts that tests stop by it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> Iterator[None]:
    """What tests write need not outlive a power cut. A made run waits for the disk eight times, 13 ms each where it is
    busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def mtcnn_unless_named() -> Iterator[None]:
    """Tests look for faces by MTCNN, whatever this machine's user has fetched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, MTCNN)
        yield


@pytest.fixture(scope="session")
def yunet_file() -> Path:
    """YuNet's file: YUNET_FILE, else in ../shared/detector/ beside the repository."""
    return required(Path(os.environ.get("YUNET_FILE", SHARED_DETECTOR)), "YuNet's file", "YUNET_FILE to it")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """A process for each core where folders of tests run; none where files or single tests are named, which are few."""
    return 0 if _named(config) else os.cpu_count()


def pytest_configure(config: pytest.Config) -> None:
    """There are as many processes as cores, so that each computes in one thread; they inherit what is set here."""
    if config.getoption("numprocesses", None):
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def _named(config: pytest.Config) -> bool:
    """Whether files or single tests are asked for, not folders of them."""
    return all(Path(argument.partition("::")[0]).is_file() for argument in config.args)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep slow tests for when their file is named or FERCORE_REQUIRE holds the word "slow"; files that take longest
    come first, so that no process waits for another at the end.

    To prepare all of FER2013 takes half a minute, so that every test of it is a slow one.
    """
    seen = set()
    for item in items:
        if "fer2013_dataset" in item.fixturenames or (item.get_closest_marker("rest_slow") and item.obj in seen):
            item.add_marker(pytest.mark.slow)
        seen.add(item.obj)
    if not _named(config) and "slow" not in os.environ.get("FERCORE_REQUIRE", ""):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow; name its file, or set FERCORE_REQUIRE=slow"))
    long = {item.path for item in items if any(map(item.get_closest_marker, ("browser", "slow")))}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def fer2013_archive() -> Path:
    """The real Kaggle archive: FER2013_ARCHIVE, else ../shared/fer2013/archive.zip beside the repository.

    Without one the test is skipped, or fails where FERCORE_REQUIRE holds the word "data".
    """
    path = Path(os.environ.get("FER2013_ARCHIVE", SHARED_ARCHIVE))
    return required(path, "FER2013 archive", "FER2013_ARCHIVE to the Kaggle zip")


def required(path: Path, what: str, way_on: str) -> Path:
    """The path, if there is a file; otherwise the test is skipped, or fails where FERCORE_REQUIRE holds "data"."""
    if not path.is_file():
        reason = f"no {what} at {path}; set {way_on}"
        if "data" in os.environ.get("FERCORE_REQUIRE", ""):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def fer2013_dataset(fer2013_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The real data set, prepared from the archive once a test session: the first process that asks does it for all."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "fer2013"
    with filelock.FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            with open_source(fer2013_archive) as source:
                return prepare(source, folder)
    return open_dataset(folder)
