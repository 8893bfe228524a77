import pandas as pd
import pytest

from fercore.charts.timeline import DOUBT, MOMENT, lines, ribbons
from fercore.emotions import EMOTIONS, color
from fercore.inference.timeline import answers, spans
from tests.factories.looks import make_looks

LOOKS = make_looks(
    [
        (0.0, 1, "happy", 0.8, True),
        (0.5, 1, "sad", 0.3, False),
        (3.0, 1, "happy", 0.8, True),
        (0.5, 2, "fear", 0.9, True),
    ]
)


def rows(spec: dict) -> pd.DataFrame:
    (found,) = spec["datasets"].values()
    return pd.DataFrame(found)


def test_a_ribbon_for_each_person_and_gray_for_doubt():
    found = spans(LOOKS, 0.5)
    spec = ribbons(found.assign(row=[f"Person {track}" for track in found["track"]])).to_dict()
    drawn = rows(spec)
    assert drawn[["row", "start", "end", "answer"]].to_numpy().tolist() == [
        ["Person 1", 0, 0.5, "happy"],
        ["Person 1", 0.5, 1, "not sure"],
        ["Person 1", 3, 3.5, "happy"],
        ["Person 2", 0.5, 1, "fear"],
    ]
    scale = spec["encoding"]["color"]["scale"]
    colors = dict(zip(scale["domain"], scale["range"], strict=True))
    assert (colors["happy"], colors["not sure"], len(colors)) == (color("happy"), DOUBT, 8)
    assert spec["params"][0]["name"] == MOMENT
    assert spec["params"][0]["select"]["fields"] == ["start"]
    assert spec["encoding"]["y"]["sort"] == ["Person 1", "Person 2"]
    assert spec["encoding"]["y"]["axis"]["labelOverlap"] is False  # every ribbon says whose it is


@pytest.mark.parametrize("name", ["probability (class)", "part", "emotion"])
def test_lines_of_a_class_called_as_a_column_of_theirs(name):
    own = answers(LOOKS[:2].rename(columns={"happy": name}), 0.5)
    drawn = rows(lines(own, (name, "sad")).to_dict())
    assert drawn[["time", "part", "emotion", "probability"]].to_numpy().tolist() == [
        [0.0, 1, name, 0.8],
        [0.0, 1, "sad", 0.0],
        [0.5, 1, name, 0.0],
        [0.5, 1, "sad", 0.3],
    ]


def test_a_line_ends_where_a_person_is_out_of_sight():
    own = answers(LOOKS, 0.5)
    drawn = rows(lines(own[own["track"] == 1]).to_dict())
    happy = drawn[drawn["emotion"] == "happy"].sort_values("time")
    assert happy["probability"].tolist() == [0.8, 0, 0.8]
    one, two, three = happy["part"]
    assert one == two != three
    assert set(drawn["emotion"]) == set(EMOTIONS)
