"""Who may start jobs: whoever sits at this machine."""

import pytest


@pytest.mark.parametrize(
    ("headers", "here"),
    [
        ({}, True),
        ({"Host": "localhost:8501"}, True),
        ({"Host": "127.0.0.1:8501"}, True),
        ({"Host": "[::1]:8501"}, True),
        ({"Host": "fer.example.org"}, False),
        ({"Host": "localhost.example.org:8501"}, False),
        ({"Host": "[::1"}, False),
        ({"Host": "localhost:8501", "X-Forwarded-For": "203.0.113.7"}, False),
        ({"Host": "localhost:8501", "Forwarded": "for=203.0.113.7"}, False),
        ({"Host": "localhost:8501", "Via": "1.1 Caddy"}, False),
    ],
)
def test_a_proxy_on_this_machine_makes_nobody_local(folders, headers, here):
    from streamlit.runtime.context import StreamlitHeaders

    from state.background_jobs import asked_here

    assert asked_here(StreamlitHeaders(headers.items())) == here


def test_buttons_that_start_jobs_are_off_behind_a_proxy(folders, open_page, monkeypatch):
    from streamlit.runtime import context

    monkeypatch.setattr(context.ContextProxy, "headers", {"Host": "localhost:8501", "X-Forwarded-For": "203.0.113.7"})
    app = open_page("dataset")
    assert not app.button
    assert "--jobs" in " ".join(one.value for one in app.caption)
