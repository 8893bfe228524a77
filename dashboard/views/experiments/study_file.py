"""From what a user types to the content of a study file. Imports no torch."""

from __future__ import annotations

import contextlib
import typing
from typing import Any

from fercore.fields import ConfigError
from widgets.recipe_fields import Field, as_text, fields_of, read_value

if typing.TYPE_CHECKING:
    from fercore.training.config import Config


def varied_fields(config: Config) -> dict[str, Field]:
    """All settings of a recipe that a study can vary, by name; the seed is not one of them: a study has its own."""
    return {name: field for name, field in fields_of(config).items() if name != "seed"}


def read_values(text: str, fields: list[Field]) -> list[Any]:
    """Points, one a line, with the values of two fields separated by a comma.

    Returns
    -------
    list
        As `values` of a study file: a value a point with one field, a list of two a point with two.
    """
    rows = [line.split(",") for line in text.splitlines() if line.strip()]
    if wrong := [row for row in rows if len(row) != len(fields)]:
        names = ", ".join(field.name for field in fields)
        raise ConfigError(f"values: received {','.join(wrong[0])!r}, expected one point a line: {names}")
    values = [[read_value(word, field) for word, field in zip(row, fields, strict=True)] for row in rows]
    return [row[0] for row in values] if len(fields) == 1 else values


def read_seeds(text: str) -> list[int]:
    """Whole numbers, with commas or spaces between them."""
    try:
        return [int(word) for word in text.replace(",", " ").split()]
    except ValueError as error:
        raise ConfigError(f"seeds: received {text!r}, expected whole numbers such as 0, 1, 2") from error


def suggestion(config: Config, fields: list[Field]) -> str:
    """Points to begin with: the present values between smaller and larger ones, or all choices."""
    columns = [_candidates(config, field) for field in fields]
    return "\n".join(", ".join(map(as_text, row)) for row in zip(*columns, strict=False))


def _candidates(config: Config, field: Field) -> list[Any]:
    value = field.value
    if field.choices:
        return list(field.choices)
    if field.kind is bool:
        return [False, True]
    if field.kind is str:
        return [value]
    if isinstance(value, tuple):
        halved = tuple(max(1, number // 2) for number in value)
        return [halved, value]
    if not value:
        steps = [0.0, 0.1, 0.2] if field.kind is float else [0, 1, 2]
    else:
        steps = [value / 2, value, value * 2] if field.kind is float else [max(1, value // 2), value, value * 2]
    return [step for step in dict.fromkeys(steps) if _fits(config, field.name, step)]


def _fits(config: Config, name: str, value: Any) -> bool:
    with contextlib.suppress(ConfigError):
        config.override(**{name: value})
        return True
    return False
