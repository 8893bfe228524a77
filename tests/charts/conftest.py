"""Charts under test."""

from collections.abc import Iterator

import pytest
from altair.utils.schemapi import debug_mode


@pytest.fixture(scope="session", autouse=True)
def checked_as_a_whole() -> Iterator[None]:
    """A chart is checked against Vega-Lite's schema when it becomes a dictionary, and not each part when it is made as
    well, which takes several times as long."""
    with debug_mode(True):
        yield
