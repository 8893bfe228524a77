"""What the configs of several networks check alike."""

from __future__ import annotations

from fercore.fields import ConfigError, flag

MOST_STAGES = 6


def check_channels(in_channels: int) -> None:
    """Raise ConfigError unless images are gray or in colour; the limits of the field are 1 and 3."""
    if in_channels == 2:
        raise ConfigError("--in-channels: received 2, expected 1 or 3")


def check_stages(**lists: tuple[int, ...]) -> None:
    """Raise ConfigError unless two fields of a config, by name, say something of the same number of stages."""
    (first, one), (second, other) = lists.items()
    if not 1 <= len(one) == len(other) <= MOST_STAGES:
        raise ConfigError(
            f"{flag(first)} and {flag(second)}: received {len(one)} and {len(other)} stages, "
            f"expected the same number, 1 to {MOST_STAGES}"
        )
