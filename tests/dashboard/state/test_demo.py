"""A demonstration: nothing can be started or changed, uploads are small, what costs seconds is rationed."""

import sys

import pytest
from streamlit import config

from tests.dashboard.conftest import opened, words
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


@pytest.fixture
def demo(monkeypatch):
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--demo"])


def test_a_ration_comes_back_with_time(folders):
    from state.demo import Ration

    now = 0.0
    ration = Ration(3, 60.0, lambda: now)
    assert [ration.wait() for _ in range(3)] == [0, 0, 0]
    now = 20.0
    assert ration.wait() == 40
    now = 60.0
    assert ration.wait(2) == 0
    assert ration.wait(2) == 60
    assert ration.wait() == 0


def test_more_than_there_ever_is_takes_all(folders):
    from state.demo import Ration

    now = 0.0
    ration = Ration(2, 60.0, lambda: now)
    assert ration.wait(5) == 0
    assert ration.wait() == 60


def test_uploads_are_small_and_jobs_are_off(folders, demo):
    import state

    assert state.upload_limit(50) == 10
    assert state.upload_limit(5) == 5
    assert not state.may_start_jobs()


def test_the_server_itself_refuses_larger_uploads(folders, demo):
    import state

    before = config.get_option("server.maxUploadSize")
    try:
        state.limit_uploads()
        assert config.get_option("server.maxUploadSize") == 10
    finally:
        config.set_option("server.maxUploadSize", before)


def test_a_server_for_its_own_people_has_neither_limit(folders):
    import state

    before = config.get_option("server.maxUploadSize")
    state.limit_uploads()
    assert config.get_option("server.maxUploadSize") == before
    assert state.upload_limit(50) == 50
    assert state.may_start_jobs()


def test_a_visitor_who_asks_too_much_is_told_to_wait(folders, demo):
    def page():
        import streamlit as st

        import state

        state.spend(20)
        st.write("looked")

    app = opened(page)
    assert not app.warning
    assert "Try again in 60 seconds" in app.run().warning[0].value
    assert "looked" not in words(app)


def test_decisions_on_images_are_not_kept(folders, demo):
    import state
    from fercore.data.decisions import Decision

    dataset = make_dataset(folders[1], per_class=1)
    state.decide(dataset.ids[:1].tolist(), Decision("exclude"))
    assert not state.decisions_file().exists()


def test_runs_cannot_be_changed(folders, demo, open_page):
    make_run(folders[0], "a")
    app = open_page("training", run="a")
    assert "Rename" not in [button.label for button in app.button]
    assert "--jobs" not in words(app)
