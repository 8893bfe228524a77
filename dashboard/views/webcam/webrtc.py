"""The browser's camera, through WebRTC, and what is wrong where it does not come."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from fercore.memory import return_freed_memory
from views.webcam import connection_check
from views.webcam.ice_servers import EXAMPLE, ice_servers
from views.webcam.session import PATIENCE, Session
from wording.markdown import code, message

if TYPE_CHECKING:
    import av

RESOLUTIONS = {"640 x 480": (640, 480), "320 x 240": (320, 240), "1280 x 720": (1280, 720)}
FRAME_RATE = 15  # frames a second; what waits in aiortc has no limit, so more than can be shown must not be sent
TITLE = "streamlit_webrtc.component.webrtc_streamer"  # of the iframe that holds the video

NOT_CONNECTED = (
    f"The video is not connected after {PATIENCE:.0f} seconds: a firewall or router lies between the browser and this "
    "server. A STUN or TURN server leads around it; how to name one stands below, and Check the connection tells which "
    "part fails. The tab Photo needs none."
)
HELP = """
- **The browser must be allowed to use the camera:** the camera or lock symbol in its address bar.
- **The page must be on HTTPS or localhost:** browsers give the camera to no other page.
- **On one machine nothing else is needed.** From another machine the video goes straight from the browser to the
  server, over UDP. Where a firewall or router forbids that, name a STUN server or, for strict networks, a TURN server
  in `dashboard/.streamlit/secrets.toml`, and start the dashboard again:
"""
INSECURE = (
    "This page is not on HTTPS or localhost, and browsers give the camera to no other page. Open it as "
    "http://localhost:8501 on the machine it runs on (from elsewhere: ssh -L 8501:localhost:8501 THAT-MACHINE), or put "
    "it behind HTTPS."
)
# By the name of the error that the browser gives, or "insecure".
PROBLEMS = {
    "insecure": INSECURE,
    "NotAllowedError": (
        "The camera is not allowed for this page. Allow it with the camera or lock symbol in the browser's address bar "
        "(and in the system's privacy settings, if it is off there), then press START again."
    ),
    "NotFoundError": "No camera was found. Plug one in, or switch it on, then press START again.",
    "OverconstrainedError": "The camera that was used last is no longer there. Press SELECT DEVICE and choose another.",
    "NotReadableError": (
        "The camera cannot be read: most often another program is using it. Close that one, then press START again."
    ),
}
_PROBE = """
export default function ({ data, setStateValue }) {
    let told = null
    const look = () => {
        const frame = document.querySelector(`iframe[title="${data}"]`)?.contentDocument
        const camera = window.isSecureContext && navigator.mediaDevices
        const found = camera ? frame?.querySelector('[role=alert].MuiAlert-colorError')?.innerText ?? '' : 'insecure'
        if (found !== told) {
            told = found
            setStateValue('problem', found)
        }
    }
    const timer = setInterval(look, 300)
    return () => clearInterval(timer)
}
"""


class Stream(NamedTuple):
    """Whether a video is there or coming, and what is wrong, in words for markdown, or None."""

    playing: bool
    signalling: bool
    problem: str | None


def stream(session: Session, resolution: str) -> Stream:
    """Draw the video with its START button; its frames go through the session.

    Parameters
    ----------
    session
        Of this visitor.
    resolution
        A key of `RESOLUTIONS`; the camera is asked for it when it is started.
    """
    from streamlit_webrtc import WebRtcMode, webrtc_streamer  # aiortc: half a second, once
    from streamlit_webrtc.webrtc import SignallingTimeoutError

    width, height = RESOLUTIONS[resolution]
    rate = {"ideal": FRAME_RATE, "max": FRAME_RATE}
    try:
        servers = ice_servers()
        context = webrtc_streamer(
            key="webcam",
            mode=WebRtcMode.SENDRECV,
            rtc_configuration={"iceServers": servers},  # left out, the library would ask the network for some
            media_stream_constraints={
                "video": {"width": {"ideal": width}, "height": {"ideal": height}, "frameRate": rate},
                "audio": False,
            },
            video_frame_callback=frame_callback(session),
            on_video_ended=partial(end, session),
            sendback_audio=False,
            media_toggle_controls=False,
            video_html_attrs={"autoPlay": True, "muted": True, "style": {"width": "100%"}},
        )
    except (SignallingTimeoutError, ValueError) as error:
        return Stream(False, False, message(error))
    told = _probe()(data=TITLE, key="camera_probe", on_problem_change=lambda: None).problem
    return Stream(context.state.playing, context.state.signalling, problem_words(told))


def end(session: Session) -> None:
    """What happens when a video ends. Each leaves some MB in the heaps of its threads, which would pile up."""
    session.stop()
    gc.collect()  # what the earlier videos left in circles
    return_freed_memory()


def frame_callback(session: Session) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """What the thread of the video calls with each frame. It must not raise, or the picture would freeze for good."""

    def shown(frame: av.VideoFrame) -> av.VideoFrame:
        return type(frame).from_ndarray(session.receive(frame.to_ndarray(format="rgb24")), format="rgb24")

    return shown


@st.cache_resource(show_spinner=False)
def _probe() -> Callable[..., Any]:
    """A component without looks that tells what the browser says of the camera; registered once."""
    return st.components.v2.component("webcam_probe", js=_PROBE)


def problem_words(told: str | None) -> str | None:
    """What to do about what the browser says, "NotFoundError: Requested device not found"; None where it is silent."""
    if not told:
        return None
    name = told.partition(":")[0].strip()
    return PROBLEMS.get(name) or f"The camera does not start. The browser says: {code(told[:300])}."


def draw_help(expanded: bool) -> None:
    """What to do where no connection comes about."""
    with st.expander("The video does not come?", icon=":material/help:", expanded=expanded):
        st.markdown(HELP)
        st.code(EXAMPLE, language="toml")
        connection_check.draw()
