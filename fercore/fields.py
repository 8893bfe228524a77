"""Config dataclasses whose fields check themselves and are command-line flags.

A field carries its help text and limits in its metadata (`setting`); `check` enforces them with messages that name
the flag, `add_flags` makes the argparse options, `from_mapping` reads a recipe's table. Field names are unique over all
sections of a config, so one name means one thing in a recipe, on the command line, in a study and in run.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import typing
from collections.abc import Mapping
from typing import Any

MOST_ENTRIES = 64  # of a field that is a list, as the widths of layers are
_LARGEST = 2**63  # what no number of 64 bits can hold


class ConfigError(ValueError):
    """A setting that is unknown, of the wrong type or out of range; the message names its flag."""


def setting(
    default: Any,
    help: str,
    *,
    min: float | None = None,
    max: float | None = None,
    above: float | None = None,
    choices: tuple | None = None,
) -> Any:
    """A dataclass field with its help text and limits (`min` and `max` inclusive, `above` exclusive)."""
    return dataclasses.field(
        default=default, metadata={"help": help, "min": min, "max": max, "above": above, "choices": choices}
    )


def flag(name: str) -> str:
    """Command-line flag of a field: "label_smoothing" -> "--label-smoothing"."""
    return "--" + name.replace("_", "-")


def check(config: Any) -> None:
    """Raise ConfigError for the first field of a config dataclass that is out of its limits."""
    kinds = typing.get_type_hints(type(config))
    for field in dataclasses.fields(config):
        value, limits = getattr(config, field.name), field.metadata
        _check_type(field.name, value, kinds[field.name])
        values = value if isinstance(value, tuple) else (value,)
        for item in values:
            if limits["choices"] and item not in limits["choices"]:
                raise ConfigError(
                    f"{flag(field.name)}: received {shown(item)}, expected one of {', '.join(limits['choices'])}"
                )
            if not _within(item, limits):
                raise ConfigError(f"{flag(field.name)}: received {shown(item)}, expected {_describe(limits)}")


def from_mapping(kind: type, values: Mapping[str, Any], where: str) -> Any:
    """Build a config dataclass from a table of a recipe or of run.json; unknown keys are refused."""
    names = [field.name for field in dataclasses.fields(kind)]
    if unknown := [key for key in values if key not in names]:
        raise ConfigError(f"{where}: unknown setting {unknown[0]!r}; known are {', '.join(names)}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


def to_mapping(config: Any) -> dict[str, Any]:
    """The inverse of `from_mapping`, ready for JSON."""
    return {key: list(v) if isinstance(v, tuple) else v for key, v in dataclasses.asdict(config).items()}


def add_flags(parser: argparse.ArgumentParser, title: str, config: Any) -> None:
    """Add one optional flag per field; a flag that is not given stays out of the parsed namespace."""
    group = parser.add_argument_group(title)
    kinds = typing.get_type_hints(type(config))
    for field in dataclasses.fields(config):
        kind, default = kinds[field.name], getattr(config, field.name)
        options: dict[str, Any] = {"dest": field.name, "default": argparse.SUPPRESS}
        if kind is bool:
            options["action"] = argparse.BooleanOptionalAction
        elif typing.get_origin(kind) is tuple:
            options |= {"type": typing.get_args(kind)[0], "nargs": "*", "metavar": "N"}
        else:
            options |= {"type": kind, "metavar": kind.__name__.upper()}
        shown = " ".join(map(str, default)) if isinstance(default, tuple) else default
        text = f"{field.metadata['help']} (recipe: {shown})".replace("%", "%%")
        group.add_argument(flag(field.name), help=text, **options)


def shown(value: Any) -> str:
    """A received value as messages show it: cut short where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text):,} characters)"


def _check_type(name: str, value: Any, kind: Any) -> None:
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, tuple):
            raise ConfigError(f"{flag(name)}: received {shown(value)}, expected a list")
        if len(value) > MOST_ENTRIES:
            raise ConfigError(f"{flag(name)}: received {len(value):,} entries, expected at most {MOST_ENTRIES}")
        for item in value:
            _check_type(name, item, typing.get_args(kind)[0])
        return
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{flag(name)}: received {shown(value)}, expected {kind.__name__}")


def _within(value: Any, limits: Mapping[str, Any]) -> bool:
    if isinstance(value, (str, bool)):
        return True
    return (
        -_LARGEST < value < _LARGEST  # of NaN this is false too
        and (limits["min"] is None or value >= limits["min"])
        and (limits["max"] is None or value <= limits["max"])
        and (limits["above"] is None or value > limits["above"])
    )


def _describe(limits: Mapping[str, Any]) -> str:
    words = [
        f"{word} {limits[key]}"
        for key, word in (("above", "above"), ("min", "at least"), ("max", "at most"))
        if limits[key] is not None
    ]
    return "a number " + " and ".join(words) if words else "a finite number"
