"""What all points of a study are given, in words."""

from __future__ import annotations

import json

from fercore.charts.style import count, percent
from fercore.evaluation.studies import Point


def budget_words(point: Point, images: str) -> str:
    """What all points of a study are given: "Each point: 8 epochs, a stratified 20 % of Training, ...". Escape it."""
    training = point.run.info["config"].get("training")
    given = {**(training if isinstance(training, dict) else {}), **point.budget}
    for field in point.varied:
        given.pop(field, None)
    parts = []
    if type(epochs := given.get("epochs")) is int:
        parts.append("1 epoch" if epochs == 1 else f"{epochs} epochs")
    caution = ""
    if isinstance(share := given.get("train_share"), int | float):
        caution = " On all images another point may do best." if share < 1 else ""
        parts.append(_share_words(share, images, point.run.info.get("trained_on")))
    named = ("epochs", "train_share")
    parts += [_setting_words(field, value) for field, value in point.budget.items() if field not in named]
    return f"Each point: {', '.join(parts)}.{caution}"


def _share_words(share: float, images: str, trained_on: object) -> str:
    seen = trained_on.get("images") if isinstance(trained_on, dict) else None
    part = f"a stratified {percent(share, 0)} of {images}" if share < 1 else f"all of {images}"
    return f"{part} ({count(seen)} images)" if type(seen) is int else part


def _setting_words(field: str, value: object) -> str:
    if field == "schedule":
        return f"{'one-cycle' if value == 'onecycle' else value} schedule"[:80]
    return f"{field} {value if isinstance(value, str) else json.dumps(value)}"[:80]
