"""The settings of a recipe: what each means, and the widget that asks for it. Imports no torch."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, NamedTuple

import streamlit as st

from fercore.fields import ConfigError

if typing.TYPE_CHECKING:
    from fercore.training.config import Config

SECTIONS = {"model": "Model", "augment": "Augmentation", "training": "Training"}
_BOOLS = {"true": True, "false": False}
_WIDTH = 210  # pixels of a widget


class Field(NamedTuple):
    """One setting of a recipe: its name, type, what it means, its choices if it has any, and its present value."""

    name: str
    kind: Any
    help: str
    choices: tuple[str, ...] | None
    value: Any
    section: str

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if typing.get_origin(self.kind) is tuple:
            return "whole numbers with spaces between them"
        return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[self.kind]


def fields_of(config: Config) -> dict[str, Field]:
    """All settings of a recipe, by name, in the order of its sections."""
    found = {}
    for section in SECTIONS:
        part = getattr(config, section)
        kinds = typing.get_type_hints(type(part))
        for field in dataclasses.fields(part):
            known, value = field.metadata, getattr(part, field.name)
            found[field.name] = Field(field.name, kinds[field.name], known["help"], known["choices"], value, section)
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


def ask(field: Field, value: Any, key: str) -> Any:
    """A widget for a setting that begins with `value`; what it holds now.

    Raises
    ------
    ConfigError
        If what was typed is no value for it.
    """
    label = field.name.replace("_", " ")
    settings = {"key": key, "help": field.help, "persist_state": "session"}
    if field.choices:
        return st.selectbox(label, field.choices, field.choices.index(value), width=_WIDTH, **settings)
    if field.kind is bool:
        return st.checkbox(label, value, **settings)
    text = st.text_input(label, as_text(value), width=_WIDTH, **settings)
    return value if text == as_text(value) else read_value(text, field)
