import json

import pytest

from fercore.evaluation import speeds
from fercore.evaluation.speeds import Speed, SpeedRecord, machine_name, read_speeds, write_speeds
from fercore.runs import RunError
from tests.factories.runs import make_run

RECORD = SpeedRecord("A processor, 2 cores", "2026-11-23T00:00:00+00:00", {"onnx int8": Speed(0.4, 2500.0)})


def test_what_was_measured_is_read_again(tmp_path):
    run = make_run(tmp_path)
    assert read_speeds(run) is None
    write_speeds(run, RECORD)
    assert read_speeds(run) == RECORD


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"machine": None}, "machine, measured or engines is missing"),
        ({"engines": [1]}, "machine, measured or engines is missing"),
        ({"engines": {"torch": {"milliseconds": 0, "images_per_second": 1}}}, "expected milliseconds and images_per"),
        ({"engines": {"torch": {"milliseconds": float("nan"), "images_per_second": 1}}}, "NaN is no number of JSON"),
        ({"engines": {"torch": {"milliseconds": 1e6, "images_per_second": 1}}}, "received the speed"),
        ({"engines": {"torch": {"milliseconds": True, "images_per_second": 1}}}, "received the speed"),
        ({"engines": {"torch": "fast"}}, "received the speed 'fast'"),
    ],
)
def test_a_stranger_s_record_is_checked(tmp_path, change, words):
    run = make_run(tmp_path)
    write_speeds(run, RECORD)
    content = json.loads((run.path / "speed.json").read_text()) | change
    (run.path / "speed.json").write_text(json.dumps(content))
    with pytest.raises(RunError, match=words):
        read_speeds(run)


def test_the_machine_s_name_is_the_processor_s(tmp_path, monkeypatch):
    monkeypatch.setattr(speeds.os, "cpu_count", lambda: 4)
    monkeypatch.setattr(speeds, "Path", lambda _: tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: another\n")
    assert machine_name() == "Some CPU @ 2 GHz, 4 cores"
    (tmp_path / "cpuinfo").unlink()
    monkeypatch.setattr(speeds.platform, "processor", lambda: "")
    monkeypatch.setattr(speeds.platform, "machine", lambda: "arm64")
    assert machine_name() == "arm64, 4 cores"
