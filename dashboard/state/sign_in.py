"""Who may come in: everybody, or, where the secrets name an identity provider, whom the allow-list names.

Streamlit's own sign-in (OpenID Connect, `st.login`) says who somebody is; the table `[access]` beside it says who may
in. Where `[auth]` or `[access]` is there and anything about them is wrong or missing, nobody gets in; nor where a file
of secrets cannot be read, since they may be in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import streamlit as st

from wording.markdown import code, message

HOW_TO_ALLOW = """\
[access]
emails = ["ada@example.org"]        # these people, and
domains = ["example.org"]           # everybody with an address there
# everyone = true                   # or whoever the identity provider knows
"""


class NoAccess(Exception):
    """Why somebody may not come in, in words."""


def providers(auth: Mapping[str, Any]) -> list[str | None]:
    """Names of the identity providers in the secrets' table `[auth]`; None is the one without a name."""
    named = [name for name, value in auth.items() if isinstance(value, Mapping) and "client_id" in value]
    return named or [None]


def check_access(user: Mapping[str, Any], access: object) -> str:
    """The address of somebody who may come in.

    Parameters
    ----------
    user
        What the identity provider says: `email`, and `email_verified` where it tells.
    access
        The table `[access]` of the secrets: `emails`, `domains`, or `everyone = true`. Upper and lower case are one, in
        ASCII.

    Raises
    ------
    NoAccess
        If the list does not name this person, the provider does not vouch for the address, or there is no list.
    """
    if not isinstance(access, Mapping) or not _is_list(access):
        raise NoAccess("the secrets name nobody who may come in; expected a table [access]")
    email = _folded(user.get("email") or "")
    if access.get("everyone") is True:
        return email or "somebody without an address"
    if not email or email.count("@") != 1:
        raise NoAccess("the identity provider tells no e-mail address")
    if user.get("email_verified") in (False, "false"):
        raise NoAccess(f"the identity provider has not verified that {email} is yours")
    allowed = {_folded(one) for one in access.get("emails", [])}
    domains = {_folded(one).lstrip("@") for one in access.get("domains", [])}
    if email not in allowed and email.partition("@")[2] not in domains:
        raise NoAccess(f"{email} is not on the list of those who may come in")
    return email


def signed_in() -> bool:
    """Whether this visitor may see pages; where not, the page to sign in, or why not, is drawn instead."""
    try:
        secrets = _secrets()
    except NoAccess as error:
        _draw_closed(error)
        return False
    auth = secrets.get("auth")
    if auth is None:
        return True
    if not getattr(st.user, "is_logged_in", False):
        _draw_sign_in(auth if isinstance(auth, Mapping) else {})
        return False
    try:
        email = check_access(st.user, secrets.get("access"))
    except NoAccess as error:
        _draw_refusal(error)
        return False
    with st.sidebar.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Signed in as {code(email)}", width="stretch")
        st.button("Sign out", icon=":material/logout:", on_click=st.logout)
    return True


def _secrets() -> Mapping[str, Any]:
    """The secrets, empty where there is no file of them; NoAccess where they cannot say whether to ask who comes."""
    try:
        known = st.secrets.load_if_toml_exists()
    except (OSError, UnicodeDecodeError):  # of a file that this user may not read, or that is none
        known = False
    if not known and any(os.path.lexists(file) for file in st.get_option("secrets.files")):
        raise NoAccess("the secrets of this server cannot be read; its log says why")
    secrets = st.secrets if known else {}
    if "access" in secrets and secrets.get("auth") is None:
        raise NoAccess("the secrets say who may come in, but have no table [auth] to ask who somebody is")
    return secrets


def _folded(address: object) -> str:
    """An address in lower case; with letters beyond ASCII as it is, of which different ones become the same."""
    text = str(address).strip()
    return text.lower() if text.isascii() else text


def _is_list(access: Mapping[str, Any]) -> bool:
    lists = [access[key] for key in ("emails", "domains") if key in access]
    return bool(lists or access.get("everyone") is True) and all(isinstance(one, (list, tuple)) for one in lists)


def _draw_sign_in(auth: Mapping[str, Any]) -> None:
    st.title("Sign in")
    st.markdown("This workbench is open to those whom its owner let in. Sign in to go on.")
    for name in providers(auth):
        label = "Sign in" if name is None else f"Sign in with {name.title()}"
        if st.button(label, key=f"sign_in_{name}", type="primary", icon=":material/login:"):
            st.login(name)


def _draw_closed(error: NoAccess) -> None:
    st.title("No way in")
    st.error(f"{message(error)}.", icon=":material/lock:")


def _draw_refusal(error: NoAccess) -> None:
    _draw_closed(error)
    st.markdown("Sign in as somebody else, or ask the owner of this server, who keeps the list in `secrets.toml`:")
    st.code(HOW_TO_ALLOW, language="toml")
    st.button("Sign out", icon=":material/logout:", on_click=st.logout)
