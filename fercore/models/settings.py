"""What the configs of several networks check alike."""

from __future__ import annotations

from collections.abc import Sequence

from fercore.emotions import EMOTIONS
from fercore.fields import ConfigError, flag

MOST_STAGES = 6


def check_channels(in_channels: int) -> None:
    """Raise ConfigError unless images are gray or in colour; the limits of the field are 1 and 3."""
    if in_channels == 2:
        raise ConfigError("--in-channels: received 2, expected 1 or 3")


def class_names(number: int, classes: Sequence[str] | None = None) -> tuple[str, ...]:
    """Names of a model's outputs: those given, those of FER2013 where there are as many, else their numbers.

    Raises
    ------
    ConfigError
        If more or fewer are given than the model has outputs.
    """
    if classes is None:
        return EMOTIONS if number == len(EMOTIONS) else tuple(f"class {index}" for index in range(number))
    if len(classes) != number:
        raise ConfigError(f"--num-classes: received {number}, but there are {len(classes)}: {', '.join(classes)}")
    return tuple(classes)


def check_stages(**lists: tuple[int, ...]) -> None:
    """Raise ConfigError unless two fields of a config, by name, say something of the same number of stages."""
    (first, one), (second, other) = lists.items()
    if not 1 <= len(one) == len(other) <= MOST_STAGES:
        raise ConfigError(
            f"{flag(first)} and {flag(second)}: received {len(one)} and {len(other)} stages, "
            f"expected the same number, 1 to {MOST_STAGES}"
        )
