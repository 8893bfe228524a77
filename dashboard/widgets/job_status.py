"""Buttons that start our scripts, and what became of them: progress, time left, the end of the log, stop and go on.

Each page that names a command offers it by `offer(...)`: a button where visitors may start jobs, and the command itself
for a terminal.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

import state
from fercore.jobs import ALIVE, SCRIPTS, Job, JobError
from fercore.jobs.commands import build
from widgets.links import link
from wording.markdown import escape, message

REFRESH = "2s"
ICONS = {
    "queued": ":material/hourglass_empty:",
    "running": ":material/sync:",
    "stopping": ":material/stop_circle:",
    "finished": ":material/check_circle:",
    "failed": ":material/error:",
    "stopped": ":material/pause_circle:",
    "interrupted": ":material/power_off:",
}
_LOG_LINES = 200


def offer(
    script: str,
    label: str,
    *,
    subject: str | None = None,
    flags: Mapping[str, Any] | None = None,
    writes: str = "",
    effect: str = "",
    command: str = "",
) -> None:
    """A button that runs a script as a job, its progress while it runs, and the command for a terminal.

    Parameters
    ----------
    script, subject, flags, writes
        As in `fercore.jobs.Jobs.submit`.
    label
        Of the button: "Evaluate it".
    effect
        What the job writes, in words: "It writes two files into the run's folder."
    command
        What to type in a terminal, where that is not just the same.
    """
    command = command or terminal_command(script, subject, flags)
    if not state.may_start_jobs():
        st.code(command, language="bash", wrap_lines=True)
        st.caption(state.why_no_jobs())
        return
    present = _present(script, subject, flags, writes)
    now = present.state if present else "finished"
    if now in ALIVE:
        follow(present.id)
        return
    if now != "finished":
        tell_end(present, now)
    if st.button(label, key=f"job_{script}_{subject}_{writes}_{label}", type="primary", icon=":material/play_arrow:"):
        start(script, subject=subject, flags=flags, writes=writes)
    st.caption(" ".join(filter(None, [effect, duration_words(script)])))
    with st.expander("In a terminal", icon=":material/terminal:"):
        st.code(command, language="bash", wrap_lines=True)


def start(script: str, *, settings: Sequence[str] = (), **what: Any) -> Job | None:
    """Submit a job and draw the page anew; where it is refused, say why and return None."""
    try:
        with st.spinner("Starting ..."):
            names = {name: what.get(name, "") for name in ("writes", "title")}
            job = state.jobs().submit(script, what.get("subject"), what.get("flags"), settings, **names)
    except JobError as error:
        st.error(message(error), icon=":material/error:")
        return None
    st.rerun()
    return job


def terminal_command(
    script: str, subject: str | None = None, flags: Mapping[str, Any] | None = None, settings: Sequence[str] = ()
) -> str:
    """What to type for the same."""
    words = [f"scripts/{script}.py", *([subject] if subject else [])]
    for flag, value in (flags or {}).items():
        words += [f"--{flag}"] if value is True else [f"--{flag}", str(value)]
    return state.command(shlex.join([*words, *settings]))


def duration_words(script: str) -> str:
    """How long a script's jobs took on this machine, as measured."""
    seconds = state.usual_seconds(script)
    return f"The last ones took {spoken(seconds)} here." if seconds is not None else "Not timed on this machine yet."


def spoken(seconds: float) -> str:
    """A duration in words: "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@st.fragment(run_every=REFRESH)
def follow(id_: str, linked: bool = False) -> None:
    """A job that is on its way; when it ends, the whole page is drawn anew. `linked`: with a link to what it writes."""
    with state.errors_shown():
        job = state.jobs().find(id_)
        if job is None or job.state not in ALIVE:
            st.rerun()
        draw_progress(job)
        with st.container(horizontal=True):
            able = state.may_start_jobs() and job.state != "stopping"
            if able and st.button("Stop", key=f"stop_{job.id}", icon=":material/stop:"):
                state.jobs().stop(job)
                st.rerun(scope="fragment")
            if linked:
                link_to_page(job)
        draw_log(job)


def link_to_page(job: Job) -> None:
    """Where what a job writes can be seen while it grows: the curves of a training, the points of a study."""
    script, written = Path(job.info["script"]).stem, job.info["writes"]
    if script == "train" and written and state.find_run(written):
        link("training", "Watch how it learns", ":material/show_chart:", {"runs": [written]})
    elif script in ("sweep", "kfold"):
        link("experiments", "Watch how it grows", ":material/science:")


def draw_progress(job: Job) -> None:
    """How far a job is, how fast, and about how long it will still take."""
    now, told, seconds = job.state, job.told(), job.seconds
    parts = [now]
    if now == "queued":
        parts += ["begins when those before it have ended"] if job.alone else []
    elif told.share and told.share < 1:
        parts.append(f"{100 * told.share:.0f} %")
        parts += [f"{told.images_per_second} images/s"] if told.images_per_second else []
        left = told.seconds_left
        if left is None and seconds:
            left = seconds / told.share - seconds
        parts += [f"about {spoken(left)} left"] if left is not None else []
    elif seconds is not None:
        parts.append(f"for {spoken(seconds)}")
    st.progress(told.share or 0.0, text=f"{ICONS[now]} {escape(job.title)}: {', '.join(parts)}")


def draw_log(job: Job, expanded: bool = False) -> None:
    """The end of what a job printed."""
    lines = job.log().strip("\n").split("\n")[-_LOG_LINES:]
    with st.expander("Log", expanded=expanded, icon=":material/article:"):
        st.code("\n".join(lines) or "Nothing has been printed yet.", language=None, wrap_lines=True, height=240)


def tell_end(job: Job, now: str) -> None:
    """How a job ended that did not finish, in the state that it was seen in, with its log."""
    words = {
        "failed": f"failed with exit code {job.exit_code}",
        "stopped": "was stopped",
        "interrupted": "was interrupted: its process is gone, killed or lost with the machine",
    }
    reason = _reason(job) if now == "failed" else ""
    st.warning(f"{escape(job.title)} {words[now]}.{reason}", icon=ICONS[now])
    draw_log(job)


def _reason(job: Job) -> str:
    """The sentence with which a script that failed ended, as all ours do: "error: ...", "prepare_data: ..."."""
    script = Path(job.info["script"]).stem
    found = re.findall(rf"^(?:{re.escape(script)}(?:\.py)?: (?:error: )?|error: )(.+)$", job.log(), re.MULTILINE)
    return f" {message(found[-1])}" if found else ""


def draw_sidebar() -> None:
    """What runs, and how far it is, in the sidebar of every page; nothing where nothing runs."""
    if any(job.state in ALIVE for job in state.jobs().list()):
        with st.sidebar:
            _draw_running()


@st.fragment(run_every=REFRESH)
def _draw_running() -> None:
    with state.errors_shown():
        running = state.jobs().running()
        if not running:
            st.caption("All jobs have ended.")
        for job in running[:3]:
            draw_progress(job)
        more = f"All {len(running)} jobs" if len(running) > 3 else "Jobs"
        link("jobs", more, ":material/list_alt:")


def _present(script: str, subject: str | None, flags: Mapping[str, Any] | None, writes: str) -> Job | None:
    """The newest job that does what is offered, or that has to end before: two of a script never write the same."""
    jobs, wanted = state.jobs(), writes or str((flags or {}).get("name") or subject or "")
    alike = [job for job in jobs.list() if Path(job.info["script"]).stem == script and job.info["writes"] == wanted]
    try:
        asked = _what(script, build(script, jobs.roots, subject, flags))
    except JobError:  # said when it is started
        asked = None
    return next((job for job in alike if job.state in ALIVE or _what(script, job.info["arguments"]) == asked), None)


def _what(script: str, arguments: Sequence[str]) -> set[str]:
    """Those of a job's arguments that say what is done: not its switches, which say how, nor the folder it made."""
    made = f"--{SCRIPTS[script].result}="
    return {one for one in arguments if not one.startswith(made) and ("=" in one or not one.startswith("--"))}
