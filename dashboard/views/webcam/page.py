"""Webcam: what do two models see in a face, live and side by side?"""

import streamlit as st

import state
from views.webcam.introduction import PRIVACY, introduction
from widgets.model_pair import choose_pair
from widgets.page_title import page_title

page_title("Webcam", "What do the models see in your face, live?")
with st.spinner("Loading the models and the camera ..."):
    from views.webcam import camera_settings, webrtc  # brings torch, OpenCV and WebRTC: seconds, once
    from views.webcam.panel import draw_live, draw_minute
    from views.webcam.photo import draw_photo
    from views.webcam.session import Session, Settings

ANSWERS, MINUTE = 0.5, 1.0  # seconds from one drawing to the next
READY = "Press START and allow the camera. Everything happens on the machine this runs on; no picture is stored."
VIDEO = 520  # pixels across on the screen


def show_video(settings: Settings, resolution: str) -> None:
    """The video, and beside it what the models say of its newest frame."""
    session = state.webcam()
    session.settings = settings
    beside = st.container(horizontal=True, gap="large")  # below each other where the window is narrow
    with beside.container(width=VIDEO):
        stream = webrtc.stream(session, resolution)
        if stream.problem:
            st.error(stream.problem, icon=":material/videocam_off:")
    with beside.container(width="stretch"):
        every = ANSWERS if stream.playing or stream.signalling else None
        st.fragment(show_answers, run_every=every)(session, stream)
    st.fragment(draw_minute, run_every=MINUTE if stream.playing else None)(session, settings.models)
    webrtc.draw_help(expanded=bool(stream.problem))


def show_answers(session: Session, stream: webrtc.Stream) -> None:
    """The answers, or what they wait for."""
    if session.connecting.late(stream.playing, stream.signalling):
        st.error(webrtc.NOT_CONNECTED, icon=":material/wifi_off:")
    elif stream.playing:
        draw_live(session, "Connected. The first frame is on its way.")
    else:
        st.info("Connecting ..." if stream.signalling else READY, icon=":material/videocam:")


with st.container(horizontal=True, gap="medium"):
    runs = choose_pair()
    score = state.choose_score(runs, ["test"], people=True)
state.draw_answer(introduction(runs, score))
above = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
video, photo = st.tabs(["Video", "Photo"], key="source", bind="query-params")
with above:
    settings, resolution = camera_settings.choose_settings(runs, live=video.open)
if not settings.models:
    st.stop()
if video.open:
    with video:
        show_video(settings, resolution)
else:
    state.webcam().stop()
    with photo:
        draw_photo(settings)
with st.expander("What this means, and what happens with the pictures", icon=":material/info:"):
    st.markdown(PRIVACY)
