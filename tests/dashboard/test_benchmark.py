"""scripts/benchmark.py dashboard."""

import os
import re
import runpy
from pathlib import Path

import pytest

from tests.factories.runs import make_run

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def benchmark(monkeypatch, folders):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    for name in ("FERCORE_RUNS", "FERCORE_DATA"):
        monkeypatch.setenv(name, os.environ[name])  # which the benchmark sets, and the test puts back
    options = ["dashboard", "--rounds", "1", "--runs", str(folders[0]), "--data", str(folders[1])]
    return lambda: runpy.run_path(str(SCRIPTS / "benchmark.py"))["main"](options)


@pytest.fixture
def no_video():
    """Nothing is replaced here: the benchmark has to get by with what there is."""


@pytest.mark.slow  # a server of its own
def test_pages_are_timed_the_webcam_as_well(benchmark, folders, monkeypatch, capsys):
    from benchmarks import dashboard

    assert {"webcam", "predict", "training"} < set(dashboard.pages())
    make_run(folders[0], "a", weights=True)
    monkeypatch.setattr(dashboard, "pages", lambda: ["webcam"])
    benchmark()
    said = capsys.readouterr()
    assert re.search(r"cold server: \d+\.\d\d s \(\d+\.\d\d of processor time\); at most 3 s wanted", said.out)
    times = r" +\d+\.\d\d s \(\d+\.\d\d\) +\d+\.\d{3} s \(\d+\.\d{3}\) +\d+\.\d{3} s"
    assert re.search(f"webcam{times}", said.out + said.err)
    assert re.search(r"Errors: none\. Memory \d+ MB after Home, \d+ MB at the end\.", said.out)
    assert "error:" not in said.err
