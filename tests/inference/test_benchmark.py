"""scripts/benchmark.py inference and video."""

import json
import re
import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from fercore.evaluation.speeds import read_speeds
from fercore.inference.faces import Face
from fercore.inference.predictor import Predictor
from fercore.inference.video import read_frames
from fercore.runs import open_run
from tests.factories.looks import make_looks
from tests.factories.runs import make_run

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return lambda *options: runpy.run_path(str(SCRIPTS / "benchmark.py"))["main"](["inference", *map(str, options)])


def test_speeds_follow_from_seconds(benchmark, tmp_path):
    from benchmarks.inference import Engine, table

    # 1 / 0.01 and 64 / 0.32; 90 and 12 ms before the model's 10.
    engine = Engine(make_run(tmp_path, "mine"), "onnx int8", print, None, {1: 0.01, 64: 0.32})
    head, line = table([engine], {"mtcnn": 0.09, "yunet": 0.012})
    assert line.split() == ["mine", "onnx", "int8", "not", "measured", "10.00", "100", "200", "100.0", "22.0"]
    assert head.endswith("ms a photo, mtcnn  ms a photo, yunet")


def test_the_fastest_pass_counts(benchmark, monkeypatch):
    from benchmarks import inference

    readings = iter([0.0, 3.0, 10.0, 12.0, 20.0, 25.0])
    monkeypatch.setattr(inference.time, "perf_counter", lambda: next(readings))
    assert inference.fastest(lambda: None, 3) == 2.0


@pytest.mark.slow
def test_every_reference_run_with_weights_has_a_row(benchmark, tmp_path, capsys):
    for name in ("reference-a", "mine"):
        make_run(tmp_path, name, weights=True, accuracy=0.6)
    make_run(tmp_path, "reference-bare")
    benchmark("--rounds", 1, "--runs", tmp_path, "--store")
    figures = r"(\d+\.\d+) +([\d,]+) +([\d,]+) +([\d.]+)"
    said = capsys.readouterr().out
    rows = re.findall(rf"^  (\S+) +(\S+ fp32) +60\.0% \(48\.3% to 70\.7%\) +{figures}$", said, re.M)
    assert [row[:2] for row in rows] == [("reference-a", "torch fp32"), ("reference-a", "onnx fp32")]
    stored = read_speeds(open_run(tmp_path / "reference-a"))
    for _, engine, milliseconds, _, _, photo in rows:
        assert float(photo) > float(milliseconds)
        assert stored.engines[engine].milliseconds == pytest.approx(float(milliseconds), abs=0.006)
    assert stored.machine in said
    assert "YuNet's file is not known here" in said
    assert not (tmp_path / "mine" / "speed.json").exists()


@pytest.mark.slow
def test_a_stored_onnx_file_is_measured_with_its_own_accuracy(benchmark, tmp_path):
    from benchmarks.inference import engines_of

    from fercore.export.files import export_into_run

    run = make_run(tmp_path, "reference-a", weights=True, accuracy=0.6)
    export_into_run(run)
    record = json.loads((run.path / "onnx.json").read_text())
    own = {"value": 0.5, "low": 0.4, "high": 0.6}
    (run.path / "onnx.json").write_text(json.dumps(record | {"precision": "int8", "accuracy": {"test": own}}))
    engines = engines_of(run)
    assert [engine.name for engine in engines] == ["torch fp32", "onnx int8"]
    assert [engine.accuracy["value"] for engine in engines] == [0.6, 0.5]


def test_nothing_to_measure_is_told(benchmark, tmp_path, capsys):
    make_run(tmp_path, "reference-bare")
    with pytest.raises(SystemExit, match="2"):
        benchmark("--runs", tmp_path)
    assert "no reference run" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.detector
def test_both_detectors_are_measured_where_yunet_is_known(benchmark, tmp_path, capsys, monkeypatch, yunet_file):
    monkeypatch.setenv("FERCORE_DETECTOR", str(yunet_file))
    make_run(tmp_path, "reference-a", weights=True)
    benchmark("--rounds", 1, "--runs", tmp_path)
    said = capsys.readouterr().out
    assert re.search(r"takes \d+ ms with mtcnn, \d+ ms with yunet; a photo's time", said)
    assert "not known here" not in said


def test_a_long_clip_is_made_of_copies_and_looked_through(benchmark, tmp_path, monkeypatch, capsys):
    from benchmarks import video

    monkeypatch.setattr(video, "SIZE", (160, 90))
    clip = video.write_clip(tmp_path / "clip.mp4", 4, video.frames(50))
    times = [time for time, _ in read_frames(clip, 100)]
    assert times == pytest.approx([n / 25 for n in range(100)], abs=2e-3)
    found = video.measure(
        clip, 4, tmp_path / "a.csv", Predictor.from_run(make_run(tmp_path, "a", weights=True)), corner
    )
    assert (found.length, found.looks, found.faces, len(found.memory)) == (4, 8, 8, 3)
    assert 0 < found.detector + found.model < found.clock
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 9
    said = video.report(replace(found, clock=1.0, processor=1.5, detector=0.4, model=0.2, memory=[7, 8, 9]), "corner")
    assert "0.25 of its length (wanted: under 0.5); of the processor 0.38" in said[1]
    assert [line[12:27].strip() for line in said[2:5]] == ["50.0 ms a look", "25.00 ms a face", "50.0 ms a look:"]
    assert "7, 8, 9 MB" in said[5]


def test_tables_agree_as_far_as_their_boxes_answers_and_people_do(benchmark):
    from benchmarks.following import agreement

    one = make_looks([(0.0, 1, "happy", 0.8, True), (0.0, 2, "sad", 0.8, True), (0.5, 1, "happy", 0.8, True)])
    assert agreement(one, one) == (1.0, 1.0, 1.0, 1.0, True)
    other = one.assign(left=one["left"] + [20, 0, 0], track=[7, 8, 7], label=["happy", "happy", "happy"])
    # Two boxes of 40 pixels, one moved by 20: what they share is a half of one, a third of both.
    found = agreement(one, other.assign(right=other["left"] + 40))
    assert found[0] == pytest.approx((1 / 3 + 2) / 3)
    assert found[2:] == (1.0, pytest.approx(2 / 3), True)
    assert not agreement(one, other.assign(track=[7, 7, 8])).tracks
    assert agreement(one, one[one["time"] < 0.2]).found == pytest.approx(2 / 3)
    assert agreement(one, one[:0]) == (0.0, 0.0, 0.0, 0.0, False)


def corner(picture):
    """A detector that finds one face, always in the same place."""
    return [Face((10.0, 10.0, 50.0, 50.0))]


corner.upright = 0.0
