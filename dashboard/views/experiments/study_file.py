"""From what a user types to the content of a study file. Imports no torch."""

from __future__ import annotations

import contextlib
import dataclasses
import typing
from typing import Any, NamedTuple

from fercore.fields import ConfigError

if typing.TYPE_CHECKING:
    from fercore.training.config import Config

_BOOLS = {"true": True, "false": False}


class Field(NamedTuple):
    """One setting of a recipe: its name, type, what it means, its choices if it has any, and its present value."""

    name: str
    kind: Any
    help: str
    choices: tuple[str, ...] | None
    value: Any

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if typing.get_origin(self.kind) is tuple:
            return "whole numbers with spaces between them"
        return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[self.kind]


def fields_of(config: Config) -> dict[str, Field]:
    """All settings of a recipe that a study can vary, by name; the seed is not one of them."""
    found = {}
    for section in (config.model, config.augment, config.training):
        kinds = typing.get_type_hints(type(section))
        for field in dataclasses.fields(section):
            known, value = field.metadata, getattr(section, field.name)
            found[field.name] = Field(field.name, kinds[field.name], known["help"], known["choices"], value)
    del found["seed"]  # a study has seeds of its own
    return found


def as_text(value: Any) -> str:
    """A value as it is typed: 0.1, true, 512 256."""
    if isinstance(value, tuple):
        return " ".join(map(as_text, value))
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def read_value(text: str, field: Field) -> Any:
    """The inverse of `as_text`, ready for a study file.

    Raises
    ------
    ConfigError
        Says what was received and what was expected.
    """
    kind = field.kind
    try:
        if kind is bool:
            return _BOOLS[text.strip().lower()]
        if typing.get_origin(kind) is tuple:
            return [typing.get_args(kind)[0](word) for word in text.split()]
        return kind(text.strip())
    except (KeyError, ValueError) as error:
        raise ConfigError(f"values of {field.name}: received {text.strip()!r}, expected {field.expected}") from error


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
