"""Bars of votes and probabilities below a picture."""

import numpy as np
import pytest

from tests.dashboard.conftest import opened
from tests.factories.votes import counted


@pytest.fixture
def bars(folders):
    from widgets import vote_bars

    return vote_bars


def test_the_answers_that_matter_most_come_first(bars):
    counts = counted({"sad": 6, "contempt": 3, "no_face": 1})[0]
    found = bars.bar_rows(counts, ("sad", "happy"), np.array([0.2, 0.8]))
    assert found == [("happy", 0.0, 0.8), ("sad", 0.6, 0.2), ("contempt", 0.3, None), ("no_face", 0.1, None)]


def test_bars_are_as_long_as_shares_and_say_their_numbers(bars):
    def page():
        import numpy as np

        from tests.factories.votes import counted
        from widgets.vote_bars import draw_votes

        draw_votes(counted({"sad": 6, "no_face": 4})[0], ("sad", "<b>"), np.array([0.25, 0.75]))
        draw_votes(counted({})[0], ("sad", "happy"), np.array([0.25, 0.75]))

    app = opened(page)
    assert not app.exception
    html = app.get("html")[0].proto.body
    assert 'title="sad: 6 of 10 people, model 25 %"' in html
    assert "width:60%" in html
    assert "width:25%" in html
    assert "no face: 4 of 10 people, model has no such class" in html
    assert "<b>" not in html
    assert app.caption[0].value == "no votes"
