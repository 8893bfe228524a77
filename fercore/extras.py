"""Packages that only some uses need: pyproject.toml names them under its extras."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from fercore.runs import RunError


def import_extra(name: str, extra: str) -> ModuleType:
    """Import a package that an installation may lack.

    Parameters
    ----------
    name
        Of the module.
    extra
        Of pyproject.toml that brings it: "export", "ray" or "timm".

    Raises
    ------
    RunError
        If it is not installed; the message names the command that installs it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise RunError(
            f'{name} is not installed; install it with: pip install "fercore[{extra}]" (in a copy of this project: '
            f'pip install -e ".[{extra}]")'
        ) from error
