"""Study files: one base recipe, one or two varied fields with their values, and a budget that all points share.

    recipe = "report-cnn"
    vary = ["first_filters", "conv_layers"]
    values = [[64, 4], [16, 2]]             # a row a point; with one varied field just [3, 5, 7]
    labels = ["64-4", "16-2"]               # optional names of the points
    seeds = [0]                             # optional, a run of each point for each
    shared = "centre"                       # optional, see below
    budget = { epochs = 8, train_share = 0.4 }

Points that differ in various fields are a table instead of vary and values:

    points = { none = {}, flip = { horizontal_flip = 0.5 }, turned = { rotation = 10.0 } }

`vary`, the fields of points and the keys of `budget` are the flags of scripts/train.py. Everything is checked, against
every point, when the file is read. The point that changes nothing of recipe and budget is the study's centre: studies
that name the same `shared` train it once, as study-<shared>-s<seed>, for all of them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from fercore.evaluation.studies import MOST_RUNS
from fercore.fields import ConfigError, shown
from fercore.training.config import Config, load_recipe, names_in, read_toml

STUDIES = resources.files("fercore") / "studies"
MOST_VARIED = 2
_TYPES = {
    "description": str,
    "recipe": str,
    "vary": list,
    "values": list,
    "labels": list,
    "points": dict,
    "seeds": list,
    "shared": str,
    "budget": dict,
}
_LABEL, _LETTERS = re.compile(r"[A-Za-z0-9._-]+"), "letters, digits, '.', '_' and '-'"


@dataclass(frozen=True)
class Point:
    """One choice of values: {"kernel_size": 5}, its label, and its place in the file, counted from 1."""

    label: str
    varied: dict[str, Any]
    position: int


@dataclass(frozen=True)
class Study:
    """A checked study; every point's `config` can be trained."""

    name: str
    description: str
    base: Config
    points: tuple[Point, ...]
    seeds: tuple[int, ...]
    budget: dict[str, Any]
    shared: str = ""

    def config(self, point: Point, seed: int) -> Config:
        """What a point trains with one seed."""
        return self.base.override(**self.budget, **point.varied, seed=seed)

    def is_centre(self, point: Point) -> bool:
        """Whether a point changes nothing of recipe and budget."""
        return self.config(point, 0) == self.base.override(**self.budget, seed=0)


def study_names() -> list[str]:
    """Names of the studies that come with the project."""
    return names_in(STUDIES)


def load_study(name: str, seeds: Sequence[int] | None = None) -> Study:
    """Read a study by its name, or from a path to a TOML file.

    Parameters
    ----------
    name
        "kernel-size", or a path that ends in .toml; the file's name is the study's.
    seeds
        Instead of the file's.

    Raises
    ------
    ConfigError
        If there is none, more than two fields vary, or anything in it cannot be trained; the message names the place.
    """
    content, source = read_toml(STUDIES, name, "study")
    if seeds is not None:
        content["seeds"] = list(seeds)
    return parse_study(content, Path(source.name).stem, str(source))


def parse_study(content: dict[str, Any], name: str, where: str) -> Study:
    """A study from the content of its file; see `load_study`."""
    _check_form(content, where)
    try:
        base = load_recipe(content["recipe"])
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    budget, seeds, shared = content.get("budget", {}), content.get("seeds", [0]), content.get("shared", "")
    for vary in content["points"].values() if "points" in content else [content["vary"]]:
        _check_fields(vary, budget, base, where)
    if (number := len(content["points" if "points" in content else "values"]) * len(seeds)) > MOST_RUNS:
        raise ConfigError(f"{where}: {number:,} runs (points times seeds), expected at most {MOST_RUNS:,}")
    given = content["points"] if "points" in content else _columns(content, where)
    points = _points(given, where)
    if not seeds or len(set(map(repr, seeds))) < len(seeds):
        raise ConfigError(f"{where}: seeds is {shown(seeds)}, expected one or more different whole numbers")
    study = Study(name, content.get("description", ""), base, points, tuple(seeds), budget, shared)
    for point in points:
        for seed in seeds:
            try:
                study.config(point, seed)
            except ConfigError as error:
                raise ConfigError(f"{where}, point {point.label}: {error}") from error
    if shared and not any(map(study.is_centre, points)):
        raise ConfigError(f"{where}: shared is {shared!r}, but no point is the recipe with the budget alone")
    return study


def study_text(content: dict[str, Any]) -> str:
    """A study's content as the text of its file; `tomllib` reads it back."""
    lines = [f"{key} = {_toml(value)}" for key, value in content.items() if key != "budget"]
    budget = [f"{key} = {_toml(value)}" for key, value in content.get("budget", {}).items()]
    return "\n".join([*lines, *(["", "[budget]", *budget] if budget else []), ""])


def _toml(value: Any) -> str:
    # JSON's text, numbers, booleans and lists are TOML's too.
    return json.dumps(value, ensure_ascii=False)


def _check_form(content: dict[str, Any], where: str) -> None:
    if unknown := [key for key in content if key not in _TYPES]:
        raise ConfigError(f"{where}: unknown entry {unknown[0]!r}; known are {', '.join(_TYPES)}")
    required = ("recipe", "points") if "points" in content else ("recipe", "vary", "values")
    if missing := [key for key in required if key not in content]:
        raise ConfigError(f"{where}: {missing[0]!r} is missing; a study needs {', '.join(required)}")
    if "points" in content and (both := [key for key in ("vary", "values", "labels") if key in content]):
        raise ConfigError(f"{where}: received points and {both[0]}; points say for themselves what they vary")
    for key, value in content.items():
        if not isinstance(value, _TYPES[key]):
            raise ConfigError(f"{where}: {key} is {shown(value)}, expected a {_TYPES[key].__name__}")
    for label, varied in content.get("points", {}).items():
        if not isinstance(varied, dict):
            raise ConfigError(f"{where}: point {shown(label)} is {shown(varied)}, expected a table of what it varies")
    if "shared" in content and not _LABEL.fullmatch(content["shared"]):
        raise ConfigError(f"{where}: shared is {shown(content['shared'])}, expected a name of {_LETTERS}")


def _check_fields(vary: Iterable[str], budget: dict[str, Any], base: Config, where: str) -> None:
    """Check the fields that a point varies, and those of the budget."""
    vary = list(vary)
    if len(vary) > MOST_VARIED:
        named = shown(", ".join(map(str, vary))).strip("'\"")  # a stranger's may be thousands, or no text at all
        raise ConfigError(
            f"{where}: {len(vary)} fields are varied ({named}), expected one or two: "
            '"it\'s crucial to vary only one or two variables at a time for meaningful improvements" '
            "(the report, section 9). Make a study of each"
        )
    known = base.field_names()
    for field in [*vary, *budget]:
        if field not in known:
            raise ConfigError(
                f"{where}: unknown field {field!r} for a {base.model_type} model; known are {', '.join(known)}"
            )
        if field == "seed":
            raise ConfigError(f"{where}: seed is given by seeds = [...], a run of each point for each")
    if both := [field for field in vary if field in budget]:
        raise ConfigError(f"{where}: {both[0]!r} is varied and in the budget; the budget is the same for all points")


def _columns(content: dict[str, Any], where: str) -> dict[str, dict[str, Any]]:
    """Label -> what a point varies, of a file with `vary` and `values`."""
    vary, values = content["vary"], content["values"]
    if not vary or len(set(map(str, vary))) < len(vary):
        raise ConfigError(f"{where}: vary is {vary!r}, expected one field or two different ones")
    rows = [[value] for value in values] if len(vary) == 1 else values
    for row in rows:
        if not isinstance(row, list) or len(row) != len(vary):
            raise ConfigError(f"{where}: values holds {shown(row)}, expected a list of {len(vary)}: {', '.join(vary)}")
    labels = content.get("labels", ["-".join(map(_label, row)) for row in rows])
    if len(labels) != len(rows):
        raise ConfigError(f"{where}: {len(labels)} labels for {len(rows)} values, expected one for each")
    _check_labels(labels, where)
    if repeated := [label for label, count in Counter(labels).items() if count > 1]:
        raise ConfigError(f"{where}: expected two or more different points, received {shown(repeated)}")
    return {label: dict(zip(vary, row, strict=True)) for label, row in zip(labels, rows, strict=True)}


def _check_labels(labels: Iterable[object], where: str) -> None:
    for label in labels:
        if not isinstance(label, str) or not _LABEL.fullmatch(label):
            raise ConfigError(
                f"{where}: the label {shown(label)} will not do for a folder's name; give labels of {_LETTERS}"
            )


def _points(given: dict[str, dict[str, Any]], where: str) -> tuple[Point, ...]:
    _check_labels(given, where)
    values = [tuple(sorted((field, _frozen(value)) for field, value in varied.items())) for varied in given.values()]
    repeated = [dict(one) for one, count in Counter(values).items() if count > 1]
    if repeated or len(given) < 2:
        raise ConfigError(f"{where}: expected two or more different points, received {shown(repeated or list(given))}")
    return tuple(Point(label, varied, position) for position, (label, varied) in enumerate(given.items(), 1))


def _frozen(value: object) -> object:
    """A value of a study as a key that is equal where values are equal: 1 and 1.0 train the same."""
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return repr(value) if isinstance(value, dict) else value


def _label(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "x".join(map(_label, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
