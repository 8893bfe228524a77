"""Webcam: what do two models see in a face, live and side by side?"""

import streamlit as st

import state
from fercore.runs import Run, RunError
from widgets.model_pair import choose_pair, labels
from widgets.page_title import page_title
from wording.clean_score import split_names
from wording.contamination import contamination_badge
from wording.figures import accuracy_words
from wording.markdown import code, escape

page_title("Webcam", "What do the models see in your face, live?")
with st.spinner("Loading the models and the camera ..."):
    from views.webcam import camera_settings, webrtc  # brings torch, OpenCV and WebRTC: seconds, once
    from views.webcam.panel import draw_live, draw_minute
    from views.webcam.photo import draw_photo
    from views.webcam.session import Session, Settings

ANSWERS, MINUTE = 0.5, 1.0  # seconds from one drawing to the next
READY = "Press START and allow the camera. Everything happens on the machine this runs on; no picture is stored."
VIDEO = 520  # pixels across on the screen
APART = " Their labels differ, so these do not compare; the score “as most people see it” does."
PRIVACY = """
- **An expression is not a feeling.** A model names what people would call the face in a picture. It was taught on
  photos of posed and searched-for faces, and is wrong about one in three of them.
- **Nothing is stored.** A frame goes from your browser to this server, is looked at in its memory, and is gone with the
  next. What is recorded until you leave are numbers; a face is kept only if you press Keep this moment.
- Do not use it on people at work or in education: in the EU that is prohibited, except for medical or safety reasons
  (AI Act, Art. 5(1)(f)). Other emotion recognition counts as high-risk there (Annex III, 1(c)).
"""


def introduction(runs: list[Run], score: state.Score) -> str:
    """Which models answer, and the accuracy of each on the test split, where that was measured."""
    names = " and ".join(code(run.name) for run in runs)
    says = f"{names} {'say' if len(runs) > 1 else 'says'} live what your face expresses."
    known = [(label, found) for run, label in zip(runs, labels(runs), strict=True) if (found := measured(run, score))]
    accuracies = [f"{label} has {found}" for label, found in known]
    if not accuracies:
        return says
    apart = len(known) > 1 and score != state.Score.PEOPLE and state.of_one_data_set(runs)[1]
    return f"{says} {', '.join(accuracies)}.{APART if apart else ''}"


def measured(run: Run, score: state.Score) -> str:
    """ "accuracy 64.6 % on PrivateTest (95 % interval 63.0 to 66.1)", or nothing."""
    try:
        report = state.metrics(run, "test", score=score)
    except RunError:
        return ""
    name = escape(split_names([run], score)["test"])
    return f"{accuracy_words(report['accuracy'], name)}{contamination_badge(run, 'test')}"


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
