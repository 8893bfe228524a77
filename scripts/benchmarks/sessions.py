"""A session of the dashboard without a browser: Streamlit's own protocol over a websocket."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from benchmarks.webcam import Server
from fercore.runs import RunError

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"
LONGEST = 120.0  # seconds after which a page counts as an error
LARGEST = 256 << 20  # bytes of one message


class Visit(NamedTuple):
    """A page that was asked for: seconds until it was whole, what went wrong, if anything did, and when it was asked
    for, in seconds of `time.monotonic`."""

    page: str
    seconds: float
    problem: str = ""
    since: float = 0.0


def visit_once(server: Server, page: str) -> Visit:
    """A page in a session of its own; RunError if it fails."""
    with opened(server) as connection:
        visit = ask(connection, page)
    if visit.problem:
        raise RunError(f"{page}: {visit.problem}; a server whose pages fail is not measured")
    return visit


def opened(server: Server) -> ClientConnection:
    """The connection of a new session."""
    address = f"{server.url.replace('http', 'ws', 1)}/_stcore/stream"
    return connect(address, subprotocols=["streamlit"], max_size=LARGEST, open_timeout=LONGEST, ping_interval=None)


def ask(connection: ClientConnection, page: str) -> Visit:
    """Ask for a page as a browser does, and read it to its end."""
    message = BackMsg()
    message.rerun_script.page_name = "" if page == "home" else page
    message.rerun_script.query_string = ""
    message.rerun_script.context_info.timezone = "UTC"
    started = time.monotonic()
    connection.send(message.SerializeToString())
    problems = []
    while (left := started + LONGEST - time.monotonic()) > 0:
        try:
            found = ForwardMsg.FromString(connection.recv(timeout=left))
        except TimeoutError:
            break
        if found.delta.new_element.WhichOneof("type") == "exception":
            problems.append(found.delta.new_element.exception.message[:200])
        kind = found.WhichOneof("type")
        if kind == "page_not_found":
            problems.append("there is no such page")
        if kind == "script_finished" and found.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            if found.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                problems.append(ForwardMsg.ScriptFinishedStatus.Name(found.script_finished))
            return Visit(page, time.monotonic() - started, "; ".join(problems), started)
    return Visit(page, LONGEST, "no answer", started)


def addresses() -> list[str]:
    """The address of every page: that of its folder, with hyphens."""
    return sorted(path.parent.name.replace("_", "-") for path in DASHBOARD.glob("views/*/page.py"))
