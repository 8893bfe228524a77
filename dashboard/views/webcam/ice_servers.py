"""STUN and TURN servers, which lead a video around firewalls: from the secrets, or from a provider that they name.

Every answer here is for the browser too, so nothing but short-lived credentials should be in it where that can be: a
coturn of one's own gets them from a shared secret (draft-uberti-behave-turn-rest), a provider makes them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from wording.markdown import escape

VALID = 6 * 3600  # seconds from the full hour that credentials made from a shared secret last
WHERE = "dashboard/.streamlit/secrets.toml"
EXAMPLE = """\
[[webrtc.ice_servers]]                  # servers with fixed names and passwords
urls = "stun:stun.example.org:3478"

[[webrtc.ice_servers]]
urls = "turn:turn.example.org:3478"
username = "your name there"
credential = "your password there"

[webrtc.coturn]                         # or a coturn of your own with use-auth-secret
urls = ["turn:turn.example.org:3478"]
secret = "its static-auth-secret"

[webrtc.provider]                       # or a provider: cloudflare (key_id, api_token), hf (token), twilio (sid, token)
name = "cloudflare"
key_id = "..."
api_token = "..."
"""
_ENTRIES = ("urls", "username", "credential")  # of a server
_KEYS = {"cloudflare": ("key_id", "api_token"), "hf": ("token",), "twilio": ("sid", "token")}

Servers = list[dict[str, Any]]


def ice_servers(now: Callable[[], float] = time.time) -> Servers:
    """What the secrets name under `[webrtc]`, as RTCIceServer wants it; nothing where they name nothing.

    Raises
    ------
    ValueError
        If an entry is none, or the provider gives no credentials. No word of what was received: it is secret.
    """
    if not st.secrets.load_if_toml_exists():
        return []
    section = st.secrets.get("webrtc", {})
    if not isinstance(section, Mapping):
        raise ValueError(f"webrtc in {WHERE}: expected a table")
    found = section.get("ice_servers", [])
    if not isinstance(found, list) or not all(_is_server(server) for server in found):
        raise ValueError(
            f"webrtc.ice_servers in {WHERE}: expected tables with urls and, for TURN, username and credential, all of "
            "them texts"
        )
    servers = [dict(server) for server in found]
    if (own := section.get("coturn")) is not None:
        servers.append(_own_coturn(own, now()))
    if (provider := section.get("provider")) is not None:
        servers.extend(_from_provider(provider))
    return servers


def shared_secret_credentials(secret: str, now: float, name: str = "fer") -> tuple[str, str]:
    """User name and password that coturn's `use-auth-secret` takes for `VALID` seconds.

    They are valid from the full hour on. The name is the second at which they end and any word; the password is its
    HMAC-SHA-1 under the secret, in base64.
    """
    # Of the full hour: the same from one run of the page to the next, so that the component is not drawn anew.
    username = f"{int(now) // 3600 * 3600 + VALID}:{name}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode()


def _own_coturn(section: object, now: float) -> dict[str, Any]:
    urls = section.get("urls") if isinstance(section, Mapping) else None
    secret = section.get("secret") if isinstance(section, Mapping) else None
    if not (isinstance(urls, list) and urls and all(isinstance(url, str) for url in urls)):
        raise ValueError(f"webrtc.coturn in {WHERE}: expected urls, a list of texts such as turn:turn.example.org:3478")
    if not (isinstance(secret, str) and secret):
        raise ValueError(f"webrtc.coturn in {WHERE}: expected secret, the static-auth-secret of that server")
    username, credential = shared_secret_credentials(secret, now)
    return {"urls": list(urls), "username": username, "credential": credential}


def _from_provider(section: object) -> Servers:
    import streamlit_webrtc as webrtc  # aiortc: half a second, once

    name = section.get("name") if isinstance(section, Mapping) else None
    if name not in _KEYS:
        raise ValueError(f"webrtc.provider in {WHERE}: expected name, one of {', '.join(_KEYS)}")
    keys = [section.get(key) for key in _KEYS[name]]
    if not all(isinstance(key, str) and key for key in keys):
        raise ValueError(f"webrtc.provider in {WHERE}: {name} needs {' and '.join(_KEYS[name])}, as texts")
    try:
        found = getattr(webrtc, f"get_{name}_ice_servers")(*keys)
        # Twilio has further entries, which aiortc refuses.
        return [{key: server[key] for key in _ENTRIES if key in server} for server in found if "urls" in server]
    except Exception as error:  # a provider's client raises whatever it likes
        kind = escape(type(error).__name__)
        raise ValueError(
            f"{name} gave no STUN or TURN servers ({kind}): is its key valid, can it be reached?"
        ) from None


def _is_server(server: object) -> bool:
    return (
        isinstance(server, Mapping)
        and "urls" in server
        and set(server) <= set(_ENTRIES)
        and all(isinstance(value, str) for value in server.values())
    )
