"""STUN and TURN servers from the secrets: fixed ones, a coturn with a shared secret, a provider."""

import pytest


@pytest.fixture
def secrets(folders, monkeypatch):
    """`secrets(section)`: what stands under [webrtc]."""
    import streamlit as st

    def stand(section):
        class Secrets(dict):
            def load_if_toml_exists(self):
                return True

        monkeypatch.setattr(st, "secrets", Secrets(webrtc=section))

    return stand


def test_credentials_from_a_shared_secret(folders):
    from views.webcam.ice_servers import shared_secret_credentials

    # printf '28800:fer' | openssl dgst -sha1 -hmac north -binary | base64
    assert shared_secret_credentials("north", 7200.0) == ("28800:fer", CREDENTIAL)
    # The same for an hour, so that the page's component is not drawn anew.
    assert shared_secret_credentials("north", 10799.0) == ("28800:fer", CREDENTIAL)
    assert shared_secret_credentials("north", 10800.0)[0] == "32400:fer"


CREDENTIAL = "GSa3JlqkZvcyS2DmNACRavEhDzI="


def test_an_own_coturn_beside_fixed_servers(secrets):
    from views.webcam.ice_servers import ice_servers

    fixed = {"urls": "stun:stun.example.org"}
    secrets({"ice_servers": [fixed], "coturn": {"urls": ["turn:a", "turn:b"], "secret": "north"}})
    own = {"urls": ["turn:a", "turn:b"], "username": "28800:fer", "credential": CREDENTIAL}
    assert ice_servers(lambda: 7200.0) == [fixed, own]


def test_a_provider_is_asked_with_its_keys(secrets, monkeypatch):
    from views.webcam.ice_servers import ice_servers

    asked = []

    def give(*keys):
        asked.append(keys)
        return [{"url": "turn:provider", "urls": "turn:provider", "username": "u", "credential": "c"}]  # as Twilio

    monkeypatch.setattr("streamlit_webrtc.get_cloudflare_ice_servers", give)
    secrets({"provider": {"name": "cloudflare", "key_id": "k", "api_token": "t"}})
    assert ice_servers() == [{"urls": "turn:provider", "username": "u", "credential": "c"}]
    assert asked == [("k", "t")]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("turn:x", "expected a table"),
        ({"coturn": {"urls": "turn:x", "secret": "s3cret"}}, "expected urls, a list"),
        ({"coturn": {"urls": ["turn:x"]}}, "expected secret"),
        ({"provider": {"name": "elsewhere"}}, "one of cloudflare, hf, twilio"),
        ({"provider": {"name": "twilio", "sid": "s3cret"}}, "twilio needs sid and token"),
    ],
)
def test_what_cannot_be_is_refused_without_a_word_of_it(secrets, section, expected):
    from views.webcam.ice_servers import ice_servers

    secrets(section)
    with pytest.raises(ValueError, match=expected) as refused:
        ice_servers()
    assert "turn:x" not in str(refused.value).replace("such as turn:turn.example.org:3478", "")
    assert "s3cret" not in str(refused.value)


def test_a_provider_that_fails_is_a_sentence_without_its_keys(secrets, monkeypatch):
    from views.webcam.ice_servers import ice_servers

    def fail(token):
        raise OSError(f"no way with {token}")

    monkeypatch.setattr("streamlit_webrtc.get_hf_ice_servers", fail)
    secrets({"provider": {"name": "hf", "token": "s3cret"}})
    with pytest.raises(ValueError, match="hf gave no STUN or TURN servers") as refused:
        ice_servers()
    assert "s3cret" not in str(refused.value)
