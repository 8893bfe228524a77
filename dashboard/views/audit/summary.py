"""How the audit's counts are said."""

from __future__ import annotations

from collections.abc import Mapping

from fercore.charts.style import count, percent
from fercore.data.audit.similarity import NEAR, SHIFT
from wording.markdown import escape

WHAT_IS_NEAR = (
    f"Near copies show one photo that was scaled, compressed, marked or cropped differently: their correlation is at "
    f"least {NEAR:g} once shifted by up to {SHIFT} pixels, perhaps mirrored. A few are missed, and hardly any is wrong."
)


def answer(counts: Mapping[str, int], names: Mapping[str, str]) -> str:
    """Two sentences: how many test images leak, and what else is wrong."""
    leaks = {split: counts["exact_" + split + "_in_train"] for split in ("test", "val")}
    images = sum(counts[f"{split}_images"] for split in leaks)
    near = sum(counts[f"near_{split}_in_train"] for split in leaks) - sum(leaks.values())
    each = " and ".join(f"{count(leaks[split])} of {escape(names[split])}" for split in leaks)
    share = percent(sum(leaks.values()) / max(images, 1))
    return (
        f"**{count(sum(leaks.values()))} of {count(images)} test images ({share}) have an exact copy in "
        f"{escape(names['train'])}**: {each}; {count(near)} more have a near or mirrored one. There are "
        f"{_things(counts['exact_groups'], 'group')} of identical images ({count(counts['exact_surplus'])} more than "
        f"one of each), {count(counts['exact_conflicts'])} with conflicting labels, and "
        f"{_things(counts['blank'], 'blank picture')}."
    )


def imbalance_words(most: str, most_images: int, fewest: str, fewest_images: int, split: str) -> str:
    """How uneven the classes are, in a sentence."""
    return f"{escape(split)} has {count(most_images)} images of {most} and {count(fewest_images)} of {fewest}."


def group_title(group: object, kind: str, names: Mapping[str, str]) -> str:
    """Heading of a group of copies: "Group 12: 3 copies in Training and PrivateTest, labels conflict"."""
    places = " and ".join(escape(names[split]) for split in group.splits.split(", "))
    return f"**Group {group.number}**: {group.images} {kind} in {places}{', **labels conflict**' * group.conflict}"


def _things(number: int, word: str) -> str:
    return f"{count(number)} {word}{'s' * (number != 1)}"
