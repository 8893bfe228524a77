"""scripts/benchmark.py inference."""

import re
import runpy
from pathlib import Path

import pytest

from tests.factories.runs import make_run

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return lambda *options: runpy.run_path(str(SCRIPTS / "benchmark.py"))["main"](["inference", *map(str, options)])


def test_speeds_follow_from_seconds(benchmark):
    from benchmarks.inference import Row, table

    # 1 / 0.01 and 64 / 0.32; with 0.09 s a face before, 1 / 0.1 and 64 / (0.32 + 5.76).
    _, line = table([Row("mine", "torch fp32", (0.01, 0.32))], finding=0.09)
    assert line.split() == ["mine", "torch", "fp32", "100", "(10.0)", "200", "(10.5)"]


def test_every_reference_run_with_weights_has_a_row(benchmark, tmp_path, capsys):
    for name in ("reference-a", "reference-b", "mine"):
        make_run(tmp_path, name, weights=True, splits=())
    make_run(tmp_path, "reference-bare")
    benchmark("--rounds", 1, "--runs", tmp_path)
    rows = re.findall(
        r"^  (\S+) +torch fp32 +([\d,]+) \(([\d.]+)\) +([\d,]+) \(([\d.]+)\)$", capsys.readouterr().out, re.M
    )
    assert [row[0] for row in rows] == ["reference-a", "reference-b"]
    for _, alone, found, alone_64, found_64 in rows:
        assert float(found) < float(alone.replace(",", ""))
        assert float(found_64) < float(alone_64.replace(",", ""))


def test_nothing_to_measure_is_told(benchmark, tmp_path, capsys):
    make_run(tmp_path, "reference-bare")
    with pytest.raises(SystemExit, match="2"):
        benchmark("--runs", tmp_path)
    assert "no reference run" in capsys.readouterr().err
