"""scripts/benchmark.py data, on a few pictures: it prepares what it says and measures the process that does it."""

import argparse
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_benchmark_tells_speed_memory_and_opening_time(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    from benchmarks import data

    monkeypatch.setattr(data, "DIFFERENT", 5)
    data.main(argparse.Namespace(images=140, data=tmp_path / "fer2013"))
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("140 pictures of 112x112 in colour")
    assert 0.05 < float(second.split("peak memory ")[1].split(" GB")[0]) < 1
    assert third.startswith("  opened in ")
    assert list(tmp_path.iterdir()) == []
