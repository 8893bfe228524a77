"""The matrix of runs and data sets as Vega-Lite gets it."""

import pandas as pd

from fercore.charts.other_data import CELL, matrix_chart

TABLE = pd.DataFrame(
    {
        **{"run": ["b", "b", "a"], "data": ["its own data", "faces", "faces"], "split_name": "PrivateTest"},
        **{"value": [0.8, 0.6, 0.5], "low": [0.7, 0.5, 0.4], "high": [0.9, 0.7, 0.6], "n": [70, 1234, 70]},
        **{"shared": [7, 7, 7], "classes": [7, 8, 8], "drop": [float("nan"), 0.2, 0.3]},
    }
)


def test_cells_hold_what_they_say_and_can_be_clicked():
    spec = matrix_chart(TABLE).to_dict()
    (rows,) = spec["datasets"].values()
    assert [row["label"] for row in rows] == ["80 %", "60 %", "50 %"]
    assert rows[1]["words"] == "60.0 % (50.0 to 70.0)"
    assert [row["images"] for row in rows] == ["70", "1,234", "70"]
    assert [row["known"] for row in rows] == ["7 of 7", "7 of 8", "7 of 8"]
    assert rows[0]["fallen"] == ""
    assert CELL in [parameter["name"] for parameter in spec["params"]]
    encoding = spec["layer"][0]["encoding"]
    assert (encoding["y"]["sort"], encoding["x"]["sort"]) == (["b", "a"], ["its own data", "faces"])
