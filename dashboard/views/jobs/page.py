"""Jobs: what was started from these pages, what runs now, and how did the others end?"""

import shlex
from collections.abc import Mapping

import pandas as pd
import streamlit as st

import state
from fercore.jobs import ALIVE, Job, JobError
from widgets.job_status import ICONS, draw_log, follow, spoken, tell_end
from widgets.links import link
from widgets.page_title import page_title
from wording.markdown import code, escape, message


def answer(jobs: list[Job], states: Mapping[str, str]) -> str:
    """One sentence: what runs, and what waits; `states` are by the jobs' ids."""
    running = [job for job in jobs if states[job.id] in ("running", "stopping")]
    waiting = sum(now == "queued" for now in states.values())
    queue = f", {waiting} more {'waits' if waiting == 1 else 'wait'} for a turn" if waiting else ""
    if running:
        return f"{escape(', '.join(job.title for job in running))} now{queue}."
    return f"Nothing runs now{queue}; {len(jobs)} jobs are listed."


def table_of(jobs: list[Job], states: Mapping[str, str]) -> pd.DataFrame:
    """All jobs, the newest first."""
    columns = ["Job", "State", "Submitted (UTC)", "Took", "Writes", "id"]
    rows = [
        (
            job.title,
            states[job.id],
            job.info["created"][:19].replace("T", " "),
            "" if (seconds := job.seconds) is None else spoken(seconds),
            job.info["writes"],
            job.id,
        )
        for job in jobs
    ]
    return pd.DataFrame(rows, columns=columns)


def draw_one(job: Job, now: str) -> None:
    """Everything about one job, by the state that it was seen in."""
    st.subheader(f"{ICONS[now]} {escape(job.title)}")
    if now in ALIVE:
        follow(job.id, linked=True)
    elif now == "finished":
        took = f" in {spoken(seconds)}" if (seconds := job.seconds) is not None else ""
        st.success(f"Finished{took}.", icon=ICONS["finished"])
        draw_log(job, expanded=True)
    else:
        tell_end(job, now)
        if not state.may_start_jobs():
            st.caption(state.why_no_jobs())
        elif st.button("Go on", key="go_on", icon=":material/play_arrow:"):
            try:
                state.jobs().go_on(job)
                st.rerun()
            except JobError as error:
                st.error(message(error), icon=":material/error:")
    with st.expander("What was run", icon=":material/terminal:"):
        st.code(shlex.join(["python", job.info["script"], *job.info["arguments"]]), language=None, wrap_lines=True)


page_title("Jobs", "What was started from these pages, and how far is it?")
found = state.jobs().list()
for name, problem in state.jobs().problems().items():
    st.warning(f"{code(name)}: {escape(problem)}", icon=":material/folder_off:")
if not found:
    st.info(
        "Nothing was started from these pages yet. Begin with the data set, or with a new run:",
        icon=":material/play_circle:",
    )
    link("dataset", "Bring a data set", ":material/photo_library:")
    link("training", "Train a new run", ":material/show_chart:")
    st.stop()
states = {job.id: job.state for job in found}  # one look each: a second one may tell otherwise
state.draw_answer(answer(found, states))
titles = {job.id: f"{job.title} ({states[job.id]}, {job.info['created'][11:19]})" for job in found}
chosen = st.selectbox("Job", list(titles), format_func=titles.get, key="job", bind="query-params")
draw_one(next(job for job in found if job.id == chosen), states[chosen])
with st.expander(f"All {len(found)} jobs as a table", icon=":material/table:"):
    st.dataframe(table_of(found, states).drop(columns="id"), hide_index=True)
