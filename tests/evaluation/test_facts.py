import pandas as pd
import pytest

from fercore.evaluation.facts import Facts, front, model_table, peer_table
from fercore.evaluation.speeds import Speed, SpeedRecord
from fercore.export.record import OnnxRecord
from fercore.runs import update_run
from tests.factories.runs import make_run

FIGURE = {"value": 0.55, "low": 0.5, "high": 0.6}


def record(precision="int8", accuracy=None):
    return OnnxRecord(precision, "f" * 64, None, {}, accuracy or {}, {}, "2026-11-23")


def reports(run):
    return {split: run.metrics(split) for split in ("val", "test")}


def test_each_engine_of_a_run_has_a_row_of_its_own(tmp_path):
    run = make_run(tmp_path, "a", accuracy=0.6, weights=True)
    (run.path / "model.onnx").write_bytes(b"1234")
    speeds = {"torch fp32": Speed(2.0, 500.0), "onnx int8": Speed(0.5, 2000.0)}
    measured = SpeedRecord("A machine", "2026-11-23T00:00:00+00:00", speeds)
    table = model_table([run], {"a": Facts(reports(run), 3, 37.5, record(accuracy={"test": FIGURE}), measured)})
    assert table["engine"].tolist() == ["torch fp32", "onnx int8"]
    assert table["milliseconds"].tolist() == [2.0, 0.5]
    assert table["images_per_second"].tolist() == [500.0, 2000.0]
    assert table["bytes"].tolist() == [run.weights_bytes, 4]
    assert table["test_accuracy"].tolist() == [0.6, 0.55]
    assert pd.isna(table["val_accuracy"][1])  # of the integers only PrivateTest was measured
    assert table["seconds"].tolist() == [37.5, 37.5]
    assert set(table["licence"]) == {"trained here: none of its own"}


def test_an_onnx_file_in_fp32_is_as_right_as_the_run(tmp_path):
    run = make_run(tmp_path, "a", accuracy=0.6)
    (run.path / "model.onnx").write_bytes(b"1234")
    kept = model_table([run], {"a": Facts(reports(run), onnx=record("fp32"))})
    assert kept["val_accuracy"].tolist() == [0.6, 0.6]
    timed = SpeedRecord("A machine", "2026", {"onnx fp32": Speed(1.0, 1000.0)})
    not_kept = model_table([run], {"a": Facts(reports(run), speeds=timed)})
    assert not_kept["engine"].tolist() == ["torch fp32", "onnx fp32"]
    assert not_kept["milliseconds"].isna().tolist() == [True, False]
    assert not_kept["bytes"].isna().all()


def test_what_is_not_known_is_missing(tmp_path):
    run = update_run(make_run(tmp_path, "odd", splits=()), parameters="many", config={"model": 3}, trained_on=None)
    row = model_table([run], {"odd": Facts()}).iloc[0]
    assert row[["model", "parameters", "bytes", "epochs", "val_accuracy"]].isna().all()
    assert (row["seen_val"], row["seen_test"]) == ("unknown", "unknown")
    assert model_table([], {}).empty


def rows(*places, seen=()):
    table = pd.DataFrame(places, columns=["milliseconds", "val_accuracy"], dtype=float)
    return table.assign(seen_val=["unknown" if i in seen else "" for i in table.index])


def test_the_front_by_hand():
    # Slower and worse than the first; as fast as the second and worse; the most accurate.
    table = rows((1, 0.6), (2, 0.7), (1.5, 0.5), (2, 0.65), (9, 0.8))
    assert front(table, "milliseconds", "val").tolist() == [True, True, False, False, True]


def test_equals_are_both_on_the_front_and_what_is_missing_or_seen_never():
    table = rows((1, 0.6), (1, 0.6), (None, 0.9), (2, None), (0.5, 0.9), seen=(4,))
    assert front(table, "milliseconds", "val").tolist() == [True, True, False, False, False]
    assert front(rows(), "milliseconds", "val").tolist() == []


def test_peers_have_intervals_of_their_number_of_images():
    peers = peer_table().set_index("name")
    fer = peers.loc["fer"]
    assert (fer["test_accuracy"], fer["milliseconds"], fer["parameters"]) == (0.659, 0.45, 58000)
    # Wilson at n = 3589 and 0.659: half a width of 1.55 points.
    assert (fer["test_high"] - fer["test_low"]) / 2 == pytest.approx(0.0155, abs=0.0001)
    assert peers["source"].str.startswith("https://").all()
