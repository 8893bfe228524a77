import hashlib
import runpy
from pathlib import Path

import pytest

from fercore.fields import ConfigError
from fercore.inference import detector_file
from fercore.inference.detector_file import REPOSITORIES, SHA256, VARIABLE, cached_file, fetch, known_file

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "get_detector.py"
CONTENT = b"a small network"


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def hub(monkeypatch):
    """A hub whose repositories hold what the test puts there; the expected hash is that of `CONTENT`."""
    held, asked = {}, []

    def download(repository):
        asked.append(repository)
        if repository not in held:
            raise ConnectionError("no route to the hub")
        return held[repository]

    monkeypatch.setattr(detector_file, "_download", download)
    monkeypatch.setattr(detector_file, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    return held, asked


def test_the_file_is_known_by_its_name_by_the_environment_and_from_the_cache_in_this_order(monkeypatch, tmp_path):
    assert known_file() is None
    cached_file().parent.mkdir(parents=True)
    cached_file().write_bytes(CONTENT)
    assert known_file() == cached_file()
    for name in ("mine.onnx", "other.onnx"):
        (tmp_path / name).write_bytes(CONTENT)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "other.onnx"))
    assert known_file() == tmp_path / "other.onnx"
    assert known_file(tmp_path / "mine.onnx") == tmp_path / "mine.onnx"
    assert known_file("mtcnn") is None


def test_a_named_file_must_exist(monkeypatch, tmp_path):
    with pytest.raises(ConfigError, match="there is no file /absent"):
        known_file("/absent")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "absent.onnx"))
    with pytest.raises(ConfigError, match=r"absent\.onnx; expected YuNet's ONNX file"):
        known_file()


def test_the_file_is_fetched_once_and_checked(hub):
    held, asked = hub
    held[REPOSITORIES[1]] = CONTENT  # the first one cannot be reached
    assert fetch() == cached_file()
    assert cached_file().read_bytes() == CONTENT
    assert asked == list(REPOSITORIES)
    assert fetch() == cached_file()
    assert asked == list(REPOSITORIES)


def test_another_file_than_expected_is_not_kept(hub, capsys):
    held, _ = hub
    held[REPOSITORIES[0]] = b"another network"
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(SCRIPT))["main"]([])
    said = capsys.readouterr().err
    assert stop.value.code == 2
    assert "its SHA-256 is " in said
    assert f"{REPOSITORIES[1]}: ConnectionError: no route to the hub" in said
    assert not cached_file().parent.exists()


def test_a_damaged_file_is_fetched_again(hub, tmp_path, capsys):
    held, _ = hub
    held[REPOSITORIES[0]] = CONTENT
    (tmp_path / "yunet.onnx").write_bytes(CONTENT[:5])
    runpy.run_path(str(SCRIPT))["main"](["--out", str(tmp_path / "yunet.onnx")])
    assert (tmp_path / "yunet.onnx").read_bytes() == CONTENT
    assert "yunet.onnx" in capsys.readouterr().out


@pytest.mark.detector
def test_the_expected_hash_is_that_of_the_file(yunet_file):
    assert hashlib.sha256(yunet_file.read_bytes()).hexdigest() == SHA256
