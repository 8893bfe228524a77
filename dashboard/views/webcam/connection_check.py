"""Which part fails, where no video comes: the page, the camera, or a way between browser and server.

The browser gathers the addresses at which it could be reached (ICE candidates, RFC 8445), and so does the server: their
own (host), the one that a STUN server sees (srflx), and one at a TURN server (relay).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import streamlit as st

from views.webcam.ice_servers import ice_servers
from wording.markdown import code, escape, message

LAST = "last_connection_check"  # key of what was asked and found; the component's own key holds what it tells
PATIENCE = 10  # seconds that either side may take to gather
_GATHER = """
export default function ({ data, setStateValue }) {
    if (!data.asked || window.ferConnectionChecked === data.asked) return
    window.ferConnectionChecked = data.asked
    const look = async () => {
        const found = { asked: data.asked, secure: window.isSecureContext, rtc: !!window.RTCPeerConnection }
        const media = navigator.mediaDevices
        const devices = media ? await media.enumerateDevices().catch(() => []) : []
        found.cameras = devices.filter(device => device.kind === 'videoinput').length
        const asked = navigator.permissions?.query({ name: 'camera' })
        found.permission = asked ? await asked.then(answer => answer.state, () => 'unknown') : 'unknown'
        found.kinds = {}
        found.errors = []
        if (!found.rtc) return found
        let connection
        try {
            connection = new RTCPeerConnection({ iceServers: data.servers })
        } catch (error) {
            found.errors.push(`${error.name}: ${error.message}`.slice(0, 300))
            return found
        }
        const done = new Promise(resolve => {
            connection.onicecandidate = event => {
                if (!event.candidate) resolve()
                else if (event.candidate.candidate) {
                    found.kinds[event.candidate.type] = (found.kinds[event.candidate.type] ?? 0) + 1
                }
            }
            connection.onicecandidateerror = event => {
                if (found.errors.length < 20) found.errors.push(`${event.url}: ${event.errorCode} ${event.errorText}`)
            }
            setTimeout(resolve, data.patience * 1000)
        })
        connection.createDataChannel('check')
        await connection.setLocalDescription(await connection.createOffer())
        await done
        connection.close()
        return found
    }
    look().then(
        found => setStateValue('found', found),
        error => setStateValue('found', { asked: data.asked, failed: String(error).slice(0, 300) }),
    )
}
"""


@dataclass(frozen=True)
class Part:
    """One part of the way: whether it works (None where it does not matter), and what was seen."""

    name: str
    works: bool | None
    seen: str


@dataclass(frozen=True)
class ServerSide:
    """What the server found: how many addresses of each kind, and what went wrong."""

    kinds: Mapping[str, int]
    problem: str = ""


def draw() -> None:
    """A button, and once it was pressed what works and what does not."""
    asked, servers, server = st.session_state.get(LAST, (0, [], None))
    if st.button("Check the connection", key="check_connection", icon=":material/network_check:"):
        try:
            servers = ice_servers()
        except ValueError as error:
            st.error(message(error), icon=":material/error:")
            return
        with st.spinner("The server looks for ways out ..."):
            asked, server = asked + 1, gather(servers)
        st.session_state[LAST] = asked, servers, server
    if server is None:
        return
    data = {"asked": asked, "servers": servers, "patience": PATIENCE}
    found = _component()(data=data, key="connection_check", on_found_change=lambda: None).found
    if not isinstance(found, Mapping) or found.get("asked") != asked:
        st.caption("Your browser looks for ways out ...")
        return
    draw_parts(parts(found, server, servers))


def draw_parts(found: Sequence[Part]) -> None:
    """One line for each part, and what they come to."""
    icons = {True: ":green[:material/check_circle:]", False: ":red[:material/cancel:]", None: ":material/remove:"}
    st.markdown("\n".join(f"- {icons[part.works]} **{part.name}:** {part.seen}" for part in found))
    st.markdown(verdict(found))


def parts(browser: Mapping[str, Any], server: ServerSide, servers: Sequence[Mapping[str, Any]]) -> list[Part]:
    """The parts of the way, in the order in which they are needed.

    Parameters
    ----------
    browser
        What the browser told: `secure`, `rtc`, `cameras`, `permission`, `kinds` (kind of candidate -> how many),
        `errors`; or `failed`, why it could not look. It comes from outside: nothing of it is trusted.
    server
        What the server found.
    servers
        The STUN and TURN servers that both asked.
    """
    if browser.get("failed"):
        return [Part("This page", False, f"the browser could not look: {code(str(browser['failed']))}")]
    kinds = browser.get("kinds") if isinstance(browser.get("kinds"), Mapping) else {}
    secure, cameras, permission = bool(browser.get("secure")), browser.get("cameras"), browser.get("permission")
    words = {"granted": "allowed", "denied": "forbidden", "prompt": "not asked for yet"}
    allowed = words.get(str(permission), "permission unknown")
    camera = f"{cameras if isinstance(cameras, int) else 0} found, {allowed}"
    found = [
        Part("This page", secure, "on HTTPS or localhost" if secure else "neither on HTTPS nor on localhost"),
        Part("Camera", bool(cameras) and permission != "denied", camera),
        Part("Browser", bool(kinds.get("host")), _ways(kinds.get("host"), "own")),
        Part("Server", bool(server.kinds.get("host")), _ways(server.kinds.get("host"), "own") + _why(server.problem)),
    ]
    for scheme, kind, name in (("stun", "srflx", "STUN"), ("turn", "relay", "TURN")):
        if not any(_uses(one, scheme) for one in servers):
            found.append(Part(name, None, "no server is named"))
            continue
        for side, ways, why in (
            ("browser", kinds, "; ".join(map(str, browser.get("errors") or []))),
            ("server", server.kinds, server.problem),
        ):
            works = bool(ways.get(kind))
            if scheme == "stun" and not works and ways.get("host") and not why:
                found.append(Part(f"{name} from the {side}", None, "answers with an address that is known already"))
                continue
            seen = _ways(ways.get(kind), "relayed" if kind == "relay" else "public")
            found.append(Part(f"{name} from the {side}", works, seen + ("" if works else _why(why))))
    return found


def verdict(found: Sequence[Part]) -> str:
    """One sentence on what to do."""
    by_name = {part.name: part for part in found}
    if failed := next((part.name for part in found[:2] if part.works is False), None):
        return f"**{failed}** is what stands in the way; see above."
    relays = [part for part in found if part.name.startswith("TURN from")]
    if any(part.works for part in relays):
        return "A TURN server relays: the video should come, also through strict firewalls."
    if relays:
        return "A TURN server is named, but neither side gets an address from it: see its address, port and password."
    if by_name.get("Browser") and by_name["Browser"].works:
        return (
            "The video can come if UDP packets pass between the browser and this server: always on one machine, mostly "
            "in one network. If it does not come, name a TURN server."
        )
    return "The browser tells no address at all: an extension or a policy may have switched WebRTC off."


def gather(servers: Sequence[Mapping[str, Any]]) -> ServerSide:
    """The ways out that this server finds with some STUN and TURN servers, within `PATIENCE` seconds."""
    from aiortc import RTCIceGatherer, RTCIceServer

    async def look() -> ServerSide:
        try:
            gatherer = RTCIceGatherer([RTCIceServer(**server) for server in servers])
        except ValueError as error:  # an address that is none
            return ServerSide({}, str(error))
        problem = ""
        try:
            await asyncio.wait_for(gatherer.gather(), PATIENCE)
        except TimeoutError:
            problem = f"no answer within {PATIENCE} seconds"
        except Exception as error:  # of the network, of the library, or of a TURN server
            problem = str(error) or type(error).__name__
        kinds: dict[str, int] = {}
        for candidate in gatherer.getLocalCandidates():
            kinds[candidate.type] = kinds.get(candidate.type, 0) + 1
        await gatherer._connection.close()  # the library has no public way to let a gatherer go
        return ServerSide(kinds, problem)

    with ThreadPoolExecutor(1) as thread:  # the caller's may have a loop of its own
        return thread.submit(lambda: asyncio.run(look())).result()


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., Any]:
    return st.components.v2.component("connection_check", js=_GATHER)


def _uses(server: Mapping[str, Any], scheme: str) -> bool:
    urls = server.get("urls", [])
    return any(str(url).startswith(scheme) for url in ([urls] if isinstance(urls, str) else urls))


def _ways(count: object, kind: str) -> str:
    number = count if isinstance(count, int) else 0
    return f"{number} {kind} address{'' if number == 1 else 'es'}" if number else f"no {kind} address"


def _why(problem: str) -> str:
    return f" ({escape(problem[:300])})" if problem else ""
