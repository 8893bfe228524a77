import argparse
from dataclasses import dataclass

import pytest

from fercore.fields import ConfigError, add_flags, check, from_mapping, setting, to_mapping


@dataclass(frozen=True)
class Example:
    rate: float = setting(0.5, "a share", min=0, max=1)
    step_size: float = setting(1.0, "a step", above=0)
    sides: tuple[int, ...] = setting((3, 4), "sides", min=1)
    kind: str = setting("a", "a letter", choices=("a", "b"))
    loud: bool = setting(False, "100 % loud")

    def __post_init__(self):
        check(self)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rate": 1.5}, "--rate: received 1.5, expected a number at least 0 and at most 1"),
        ({"rate": float("nan")}, "--rate: received nan, expected a number at least 0 and at most 1"),
        ({"rate": True}, "--rate: received True, expected float"),
        ({"step_size": 0}, "--step-size: received 0, expected a number above 0"),
        ({"step_size": float("inf")}, "--step-size: received inf, expected a number above 0"),
        ({"sides": [3, 0]}, "--sides: received 0, expected a number at least 1"),
        ({"sides": 3}, "--sides: received 3, expected a list"),
        ({"kind": "c"}, "--kind: received 'c', expected one of a, b"),
        ({"loud": 1}, "--loud: received 1, expected bool"),
        ({"sides": (3,) * 65}, "--sides: received 65 entries, expected at most 64"),
        ({"sides": (10**400,)}, f"--sides: received 1{'0' * 59}... (401 characters), expected a number at least 1"),
        (
            {"rate": 10**400},
            f"--rate: received 1{'0' * 59}... (401 characters), expected a number at least 0 and at most 1",
        ),
        ({"step_size": float("nan")}, "--step-size: received nan, expected a number above 0"),
        ({"step_size": 2.0**63}, "--step-size: received 9.223372036854776e+18, expected a number above 0"),
        ({"kind": "c" * 100}, f"--kind: received '{'c' * 59}... (102 characters), expected one of a, b"),
        ({"size": 1}, "recipe x: unknown setting 'size'; known are rate, step_size, sides, kind, loud"),
    ],
)
def test_a_bad_value_is_refused_by_its_flag(values, message):
    with pytest.raises(ConfigError) as error:
        from_mapping(Example, values, "recipe x")
    assert str(error.value) == message


def test_mapping_round_trip():
    example = Example(rate=0.25, sides=(5,), kind="b", loud=True)
    mapping = to_mapping(example)
    assert mapping == {"rate": 0.25, "step_size": 1.0, "sides": [5], "kind": "b", "loud": True}
    assert from_mapping(Example, mapping, "x") == example


def test_flags_give_only_what_the_user_gave():
    parser = argparse.ArgumentParser()
    add_flags(parser, "example", Example())
    assert vars(parser.parse_args([])) == {}
    given = parser.parse_args(["--rate", "0.1", "--sides", "7", "8", "--loud", "--kind", "b"])
    assert vars(given) == {"rate": 0.1, "sides": [7, 8], "loud": True, "kind": "b"}
    assert vars(parser.parse_args(["--no-loud", "--sides"])) == {"loud": False, "sides": []}
    assert "a share (recipe: 0.5)" in parser.format_help()
