"""Which part of the way between browser and server fails, from what both found."""

from types import SimpleNamespace

import pytest

from tests.dashboard.conftest import opened, words

GOOD = {"secure": True, "rtc": True, "cameras": 1, "permission": "granted", "kinds": {"host": 2}, "errors": []}
TURN = [{"urls": ["turn:turn.example.org"], "username": "u", "credential": "c"}]


@pytest.fixture
def check(folders):
    """`check(browser, server, servers)`: name -> whether it works, and the sentence at the end."""
    from views.webcam.connection_check import ServerSide, parts, verdict

    def checked(browser, server=None, servers=()):
        found = parts(browser, ServerSide(server or {"host": 1}), servers)
        return {part.name: part.works for part in found}, verdict(found)

    return checked


def test_on_one_machine(check):
    works, said = check(GOOD)
    assert works == {"This page": True, "Camera": True, "Browser": True, "Server": True, "STUN": None, "TURN": None}
    assert "always on one machine" in said


@pytest.mark.parametrize(
    ("change", "part"),
    [({"secure": False}, "This page"), ({"cameras": 0}, "Camera"), ({"permission": "denied"}, "Camera")],
)
def test_the_first_part_that_fails_is_named(check, change, part):
    works, said = check(GOOD | change)
    assert works[part] is False
    assert said.startswith(f"**{part}**")


def test_a_turn_server_that_answers_one_side_is_enough(check):
    works, said = check(GOOD | {"kinds": {"host": 2, "relay": 1}}, {"host": 1}, TURN)
    assert (works["TURN from the browser"], works["TURN from the server"]) == (True, False)
    assert "A TURN server relays" in said


def test_a_turn_server_that_answers_nobody(check):
    works, said = check(GOOD | {"errors": ["turn:turn.example.org: 401 Unauthorized"]}, {"host": 1}, TURN)
    assert (works["TURN from the browser"], works["TURN from the server"]) == (False, False)
    assert "neither side" in said


def test_a_stun_server_that_has_nothing_new_to_say_is_no_fault(check):
    works, _ = check(GOOD, servers=[{"urls": "stun:stun.example.org"}])
    assert works["STUN from the browser"] is None
    works, _ = check(GOOD | {"errors": ["stun:stun.example.org: 701 timed out"]}, servers=[{"urls": "stun:x"}])
    assert works["STUN from the browser"] is False


@pytest.mark.parametrize("told", [{}, {"kinds": "x", "cameras": "many", "errors": 7}, {"failed": "<script>"}])
def test_a_browser_may_say_anything(check, told):
    works, _ = check(told)
    assert works["This page"] is False


def test_the_server_names_an_address_that_is_none(folders):
    from views.webcam.connection_check import gather

    assert "malformed" in gather([{"urls": "nonsense:x"}]).problem


def test_a_check_that_could_not_begin_leaves_nothing_behind(folders, monkeypatch):
    from views.webcam import connection_check

    def page():
        from views.webcam import connection_check

        connection_check.draw()

    def refuse():
        raise ValueError("no servers")

    asked = []
    browser = SimpleNamespace(found=GOOD | {"asked": 1})
    monkeypatch.setattr(connection_check, "_component", lambda: lambda **_: asked.append(1) or browser)
    app = opened(page)
    with monkeypatch.context() as patch:
        patch.setattr(connection_check, "ice_servers", refuse)
        app.button(key="check_connection").click().run()
    assert "no servers" in words(app)
    assert not asked
    app.run()  # the servers can be named again
    assert not asked
    assert "always on one machine" in words(app.button(key="check_connection").click().run())


def test_the_server_looks_for_itself(folders):
    from views.webcam.connection_check import gather

    found = gather([])
    assert found.problem == ""
    assert set(found.kinds) <= {"host"}
