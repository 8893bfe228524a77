"""What the pictures of confidence show: the diagram, the images of each bin, and the curve of a silent model."""

import pytest

from fercore.charts.reliability import confidence_histogram, reliability_diagram
from fercore.charts.selective import coverage_chart
from fercore.evaluation.reliability import reliability_table
from fercore.evaluation.selective import answered, risk_coverage
from tests.charts import layer, rows
from tests.factories.answers import answers, labels

SIX = answers([0.95, 0.92, 0.91, 0.55, 0.52, 0.35])
RIGHT = labels("110101")


@pytest.fixture(scope="module")
def bins():
    return reliability_table(RIGHT, SIX)


def test_points_stand_at_confidence_and_share_right_with_whiskers(bins):
    chart = reliability_diagram(bins)
    points, whiskers = layer(chart, "point"), layer(chart, "rule")
    last = rows(points)[-1]
    assert (last["confidence"], last["value"]) == pytest.approx((0.9266667, 2 / 3))
    assert (last["says"], last["words"], last["number"]) == ("92.7 %", "66.7 % (20.8 to 93.9)", "3")
    assert (whiskers["encoding"]["y"]["field"], whiskers["encoding"]["y2"]["field"]) == ("low", "high")
    assert rows(layer(chart, "line")) == [{"confidence": 0.0, "value": 0.0}, {"confidence": 1.0, "value": 1.0}]
    assert points["encoding"]["size"]["field"] == "images"


def test_bars_span_their_bin_and_say_how_many_images(bins):
    chart = confidence_histogram(bins)
    bars = layer(chart, "bar")
    assert [(row["span"], row["images"]) for row in rows(bars)] == [
        ("30 % to 40 %", 1),
        ("50 % to 60 %", 2),
        ("90 % to 100 %", 3),
    ]
    encoding = bars["encoding"]
    assert (encoding["x"]["field"], encoding["x2"]["field"], encoding["y2"]["field"]) == ("from", "to", "ground")
    assert encoding["y"]["scale"]["domainMax"] == 1.25 * 3
    assert layer(chart, "text")["encoding"]["text"]["field"] == "number"


def test_the_curve_has_a_band_and_a_mark_at_the_threshold():
    chart = coverage_chart(risk_coverage(RIGHT, SIX), answered(RIGHT, SIX, 0.9))
    first = rows(layer(chart, "line"))[0]
    assert (first["limit"], first["faces"], first["value"]) == ("95.0 %", "16.7 % (n = 1)", 1)
    assert layer(chart, "area")["encoding"]["y2"]["field"] == "high"
    (mark,) = rows(layer(chart, "point"))
    assert (mark["coverage"], mark["value"]) == pytest.approx((3 / 6, 2 / 3))
    assert layer(chart, "line")["encoding"]["y"]["scale"]["domainMin"] == pytest.approx(0.5)  # a tenth below 3/5


def test_a_threshold_without_answers_has_no_mark():
    chart = coverage_chart(risk_coverage(RIGHT, SIX), answered(RIGHT, SIX, 1.0))
    assert len(chart.layer) == 2
