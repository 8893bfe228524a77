"""The files that put the dashboard on a server: clean by their own linters, and true to the project."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

from tests.browser.conftest import _cannot

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_hadolint_finds_nothing():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def copied() -> list[str]:
    """What the Dockerfile takes from the project."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in shlex.split(line)[:-1]]


def test_what_is_copied_is_there_and_reaches_the_builder():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied()) == allowed
    assert all((ROOT / source).exists() for source in copied())


def test_secrets_never_reach_the_image_or_the_history():
    assert "**/secrets.toml" in (ROOT / ".dockerignore").read_text().splitlines()
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/secrets.toml", "/.env", "/dashboard/.streamlit/secrets.toml"} <= set(ignored)


def test_the_server_is_no_root_and_its_flags_are_known():
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    assert 'CMD ["--demo"]' in DOCKERFILE
    assert COMPOSE["services"]["dashboard"]["command"] == ["--demo"]


def test_the_relay_opens_no_connection_to_other_containers():
    settings = (ROOT / "deploy" / "turnserver.conf").read_text().splitlines()
    assert {"no-tcp-relay", "no-multicast-peers", "denied-peer-ip=10.0.0.0-10.255.255.255"} <= set(settings)


def test_packages_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.match(r"[a-z]+", line)[0]: line for line in project["dependencies"] if line.startswith("torch")}
    assert {name: f"'{line}'" in DOCKERFILE for name, line in wanted.items()} == {"torch": True, "torchvision": True}
    extras = re.search(r'"\.\[(.+)\]"', DOCKERFILE)[1].split(",")
    assert set(extras) <= set(project["optional-dependencies"])


def test_what_compose_mounts_is_there_but_for_the_secrets():
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).is_file(), source
    assert (ROOT / "deploy" / "secrets.example.toml").is_file()


def test_the_example_of_secrets_is_one_that_the_dashboard_takes(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "dashboard"))
    from state.sign_in import check_access, providers
    from views.webcam.ice_servers import _own_coturn

    example = tomllib.loads((ROOT / "deploy" / "secrets.example.toml").read_text())
    assert providers(example["auth"]) == [None]
    assert check_access({"email": "ada@example.org"}, example["access"]) == "ada@example.org"
    assert set(_own_coturn(example["webrtc"]["coturn"], 0.0)) == {"urls", "username", "credential"}


def test_caddy_takes_its_file():
    if not (caddy := shutil.which("caddy")):
        _cannot("no caddy; Debian has one")
    command = [caddy, "validate", "--adapter", "caddyfile", "--config", str(ROOT / "deploy" / "Caddyfile")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
