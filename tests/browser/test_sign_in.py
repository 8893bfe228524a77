"""Signing in at a real OpenID Connect provider of the tests: nobody sees a page before, and only who is on the list
does after."""

import base64
import json
import secrets
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.browser.conftest import START, free_port
from tests.factories.runs import make_run

pytestmark = pytest.mark.browser
PEOPLE = {"ada": "ada@example.org", "eve": "eve@example.net"}
CLIENT = ("fer", "a secret of the tests")


class Provider(BaseHTTPRequestHandler):
    """As much of OpenID Connect Core 1.0 as an authorization code takes; its page has a link for each person."""

    key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"}, private=True)
    codes: ClassVar[dict[str, tuple[str, str]]] = {}  # code -> person, nonce

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
        issuer = f"http://localhost:{self.server.server_port}"
        if url.path == "/.well-known/openid-configuration":
            self.answer(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "jwks_uri": f"{issuer}/keys",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )
        elif url.path == "/keys":
            self.answer({"keys": [self.key.as_dict(private=False)]})
        elif url.path == "/authorize" and query.get("client_id") == CLIENT[0]:
            links = []
            for name in PEOPLE:
                code = secrets.token_urlsafe()
                self.codes[code] = name, query["nonce"]
                back = urllib.parse.urlencode({"code": code, "state": query["state"]})
                links.append(f'<a href="{query["redirect_uri"]}?{back}">{name}</a>')
            self.answer(f"<link rel=icon href=data:,><title>Provider</title>{' '.join(links)}")
        else:
            self.send_error(404)

    def do_POST(self):
        body = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        given = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if tuple(map(urllib.parse.unquote_plus, given.split(":"))) != CLIENT:
            self.send_error(401)
            return
        name, nonce = self.codes.pop(body["code"][0])
        now = int(time.time())
        claims = {"iss": f"http://localhost:{self.server.server_port}", "sub": name, "aud": CLIENT[0], "nonce": nonce}
        claims |= {"iat": now, "exp": now + 600, "email": PEOPLE[name], "email_verified": True, "name": name}
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        self.answer({"access_token": "none", "token_type": "Bearer", "expires_in": 600, "id_token": token})

    def answer(self, content: dict | str) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def provider():
    server = ThreadingHTTPServer(("localhost", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/.well-known/openid-configuration"
    server.shutdown()


@pytest.fixture(scope="module")
def guarded_app(serve, provider, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("guarded"), free_port()
    make_run(folder / "runs", "only-for-us")
    auth = {
        "redirect_uri": f"http://localhost:{port}/oauth2callback",
        "cookie_secret": secrets.token_urlsafe(32),
        "client_id": CLIENT[0],
        "client_secret": CLIENT[1],
        "server_metadata_url": provider,
    }
    text = "[auth]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in auth.items())
    with serve(folder / "runs", folder / "data", f'{text}[access]\ndomains = ["example.org"]\n', port) as running:
        yield running


@pytest.mark.parametrize("address", ["", "training", "evaluation", "jobs"])
def test_before_signing_in_no_page_shows_anything(guarded_app, page, settle, address):
    page.goto(f"{guarded_app.url}/{address}")
    settle(page)
    page.get_by_role("heading", name="Sign in").wait_for()
    assert "only-for-us" not in page.locator("body").inner_text()


def test_who_is_on_the_list_comes_in_and_goes_out_again(guarded_app, page, settle):
    page.goto(f"{guarded_app.url}/training")
    settle(page)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="ada").click()
    page.get_by_text("ada@example.org").wait_for()
    settle(page)
    page.goto(f"{guarded_app.url}/training?run=only-for-us")
    settle(page)
    page.get_by_text("only-for-us").first.wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_whom_the_provider_knows_and_the_list_does_not_stays_out(guarded_app, launch, settle):
    browser = launch()
    page = browser.new_page()  # not a watched one: the page says an error, as it should
    page.set_default_timeout(1000 * START)
    page.goto(guarded_app.url)
    settle(page)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="eve").click()
    page.get_by_role("heading", name="No way in").wait_for()
    page.get_by_text("is not on the list of those who may come in").wait_for()
    assert "only-for-us" not in page.locator("body").inner_text()
    browser.close()
