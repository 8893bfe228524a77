"""A user's own slices: what the file says, what it may not say, and the caution."""

import pytest

from fercore.data.dataset import DataError
from fercore.evaluation.slice_file import parse_slices, read_slices

IDS = ["a", "b", "c"]


def parsed(text, ids=IDS):
    return parse_slices(text.encode(), ids, "slices.csv")


def test_names_and_values():
    (one, two), notes = parsed("id,name,value\na,glasses,yes\nb,glasses, no\nc,hat,yes\nd,hat,no\n")
    assert (one.name, one.values, one.place.tolist()) == ("glasses", ("no", "yes"), [1, 0, -1])
    assert (two.name, two.values, two.place.tolist()) == ("hat", ("yes",), [-1, -1, 0])
    assert notes == ["1 of 4 lines are of other images and were left out."]


def test_many_numbers_are_cut_into_five_groups():
    ids = [str(i) for i in range(20)]
    (one,), _ = parsed("value,name,id\n" + "".join(f"{i},tilt,{i}\n" for i in range(20)), ids)
    assert [value.split(" ")[0] for value in one.values] == ["lowest", "low", "middle", "high", "highest"]
    (one,), _ = parsed("id,name,value\na,tilt,1\nb,tilt,2\n")
    assert one.values == ("1", "2")


@pytest.mark.parametrize(
    ("name", "cautioned"),
    [("Age", True), ("apparent_gender", True), ("skin tone", True), ("image", False), ("passage", False)],
)
def test_names_of_what_people_are_bring_a_caution(name, cautioned):
    _, notes = parsed(f"id,name,value\na,{name},x\n")
    assert [name in note for note in notes] == [True] * cautioned


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("id,name\na,b\n", "no column 'value'"),
        ("", "no table"),
        ("id,name,value\n", "no line with a value"),
        ("id,name,value\na,x,1\na,x,2\n", "'a' has two values of 'x'"),
        ("id,name,value\nzzz,x,1\n", "none of its ids is one of these images; its first is 'zzz'"),
        (f"id,name,value\na,x,{'y' * 81}\n", "longer than 80 letters"),
        ("id,name,value\n" + "".join(f"a,n{i},1\n" for i in range(21)), "21 different names"),
    ],
)
def test_what_it_may_not_say(text, problem):
    with pytest.raises(DataError, match=problem):
        parsed(text)


def test_too_many_values():
    ids = [str(i) for i in range(51)]
    with pytest.raises(DataError, match="'x' has 51 different values, expected numbers or at most 50"):
        parsed("id,name,value\n" + "".join(f"{i},x,v{i}\n" for i in ids), ids)


def test_bytes_that_are_no_text():
    with pytest.raises(DataError, match="no table"):
        parse_slices(b"\xff\xfe\x00\x81", IDS)


def test_from_a_file(tmp_path):
    file = tmp_path / "slices.csv"
    file.write_text("\ufeffid,name,value\na,x,1\n", "utf-8")
    assert read_slices(file, IDS).attributes[0].values == ("1",)
    with pytest.raises(DataError, match=r"gone\.csv.*expected a CSV file"):
        read_slices(tmp_path / "gone.csv", IDS)
