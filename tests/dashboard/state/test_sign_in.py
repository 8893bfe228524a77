"""Who may come in where the secrets name an identity provider, and that nobody else sees a page."""

import pytest

from tests.dashboard.conftest import words

AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "c" * 32,
    "client_id": "fer",
    "client_secret": "s" * 32,
    "server_metadata_url": "http://localhost:9/.well-known/openid-configuration",
}


@pytest.fixture
def check_access(folders):
    from state.sign_in import NoAccess, check_access

    def answer(user, access):
        try:
            return check_access(user, access)
        except NoAccess as error:
            return error

    return answer


@pytest.mark.parametrize(
    ("access", "email", "inside"),
    [
        ({"emails": ["Ada@Example.org"]}, "ada@example.ORG", True),
        ({"emails": ["ada@example.org"]}, "eve@example.org", False),
        ({"domains": ["example.org"]}, "ada@example.org", True),
        ({"domains": ["@example.org"]}, "ada@example.org", True),
        ({"domains": ["example.org"]}, "ada@evil-example.org", False),
        ({"domains": ["example.org"]}, "ada@sub.example.org", False),
        ({"domains": ["example.org"]}, "a@evil.net@example.org", False),
        ({"domains": ["example.org"]}, "", False),
        ({"domains": [""]}, "ada", False),
        ({"domains": ["strasse.example"]}, "ada@stra\u00dfe.example", False),  # another domain
        ({"emails": ["kim@example.org"]}, "\u212aim@example.org", False),  # the sign of Kelvin
        ({"everyone": True}, "ada@example.org", True),
        ({"everyone": "true"}, "ada@example.org", False),  # a text is no yes
        ({"everyone": False, "emails": []}, "ada@example.org", False),
        ({"emails": "ada@example.org"}, "ada@example.org", False),  # a text is no list
        ({}, "ada@example.org", False),
        (None, "ada@example.org", False),
        ("everyone", "ada@example.org", False),
    ],
)
def test_the_list_decides(check_access, access, email, inside):
    assert isinstance(check_access({"email": email}, access), str) is inside


def test_an_address_that_nobody_vouches_for_is_refused(check_access):
    access = {"emails": ["ada@example.org"]}
    assert check_access({"email": "ada@example.org", "email_verified": True}, access) == "ada@example.org"
    assert "not verified" in str(check_access({"email": "ada@example.org", "email_verified": False}, access))


def test_a_provider_for_each_name(folders):
    from state.sign_in import providers

    assert providers(AUTH) == [None]
    assert providers({"cookie_secret": "x", "google": AUTH, "okta": AUTH}) == ["google", "okta"]


def test_without_a_sign_in_there_is_no_page(open_page):
    app = open_page("training")
    app.secrets["auth"] = AUTH
    app.run()
    assert [title.value for title in app.title] == ["Sign in"]
    assert [button.label for button in app.button] == ["Sign in"]
    assert "runs" not in words(app).casefold()


@pytest.mark.parametrize("access", [{"emails": ["eve@example.org"]}, None])
def test_whom_the_list_does_not_name_is_told_so(open_page, monkeypatch, access):
    app = open_page("training")
    app.secrets["auth"] = AUTH
    if access:
        app.secrets["access"] = access
    monkeypatch.setattr("streamlit.user", Somebody(email="ada@example.org"))
    app.run()
    assert [title.value for title in app.title] == ["No way in"]
    assert len(app.error) == 1


def test_who_is_on_the_list_sees_the_page_and_the_way_out(open_page, monkeypatch):
    app = open_page("training")
    app.secrets["auth"], app.secrets["access"] = AUTH, {"emails": ["ada@example.org"]}
    monkeypatch.setattr("streamlit.user", Somebody(email="ada@example.org"))
    app.run()
    assert [title.value for title in app.title] == ["Training"]
    assert "Sign out" in [button.label for button in app.sidebar.button]


@pytest.fixture
def secrets_file(tmp_path, monkeypatch):
    """`secrets_file(content)`: the only file of secrets; None for a folder in its place."""
    import streamlit as st
    from streamlit.runtime.secrets import Secrets

    def kept(content):
        file = tmp_path / "secrets.toml"
        file.mkdir() if content is None else file.write_bytes(content)
        monkeypatch.setattr(
            st, "get_option", lambda name, known=st.get_option: [str(file)] if "secrets" in name else known(name)
        )
        monkeypatch.setattr(st, "secrets", Secrets())
        monkeypatch.setattr("streamlit.runtime.secrets.config.get_option", st.get_option)

    return kept


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[auth]\nclient_id = ", "cannot be read"),  # as while somebody writes it
        (b"\xff[auth]", "cannot be read"),
        (None, "cannot be read"),
        (b'[access]\nemails = ["ada@example.org"]', "no table"),
    ],
)
def test_secrets_that_may_name_a_list_and_cannot_be_used_let_nobody_in(open_page, secrets_file, content, said):
    secrets_file(content)
    app = open_page("training")
    assert [title.value for title in app.title] == ["No way in"]
    assert said in app.error[0].value
    assert not app.button


def test_secrets_of_other_things_let_everybody_in(open_page, secrets_file):
    secrets_file(b"[webrtc]")
    assert [title.value for title in open_page("training").title] == ["Training"]


class Somebody(dict):
    """As `st.user` of somebody who signed in."""

    is_logged_in = True
