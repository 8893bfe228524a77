"""The plan of a new study: what to vary, checked as the sweep checks it, as a file and the command that runs it."""

from __future__ import annotations

from typing import Any

import streamlit as st

import state
from fercore.charts.style import count
from fercore.evaluation.studies import group_studies
from fercore.fields import ConfigError
from fercore.runs import RunError, atomic_write, check_name
from views.experiments.resume_commands import is_shipped, kept_study
from views.experiments.study_file import read_seeds, read_values, suggestion, varied_fields
from widgets.downloads import download
from widgets.job_status import follow, start
from widgets.recipe_fields import Field, as_text
from wording.lists import listed
from wording.markdown import code, escape, message

FIRST_RECIPE = "report-cnn"  # what all studies of the report start from
_LONGEST_NAME = 60  # leaves room for the point and the seed in a run's name


def draw() -> None:
    """Everything about a new study."""
    with st.spinner("Loading the recipes ..."):
        from fercore.training.config import load_recipe, recipe_names  # imports torch: seconds, once

    st.markdown("#### Choose what varies and what all points share; take the study file and the command with you.")
    left, right = st.columns(2, gap="large")
    with left:
        name = st.text_input("Name of the study", "my-study", max_chars=_LONGEST_NAME, **kept("study_name")).strip()
        recipes = recipe_names()
        first = recipes.index(FIRST_RECIPE)
        config = load_recipe(st.selectbox("Base recipe", recipes, first, **kept("study_recipe")))
        known = varied_fields(config)
        fields = ask_fields(known)
        if not fields:
            st.info("Choose one field to vary, or two that change together.")
            return
        try:
            content = ask_rest(config, fields, known)
        except ConfigError as error:
            st.error(message(error), icon=":material/error:")
            return
    with right:
        show(content, name)


def kept(key: str) -> dict[str, str]:
    """Settings of a widget whose value outlives a visit to another page."""
    return {"key": key, "persist_state": "session"}


def ask_fields(known: dict[str, Field]) -> list[Field]:
    chosen = st.multiselect(
        "Fields to vary",
        list(known),
        default=["learning_rate"],
        max_selections=2,
        help="“It's crucial to vary only one or two variables at a time for meaningful improvements” (the report, "
        "section 9).",
        **kept("study_fields"),
    )
    fields = [known[name] for name in chosen]
    for field in fields:
        now = as_text(field.value) or "empty"
        st.caption(
            f"{code(field.name)}: {escape(field.help)}. Now {escape(now)}; expected is {escape(field.expected)}."
        )
    return fields


def ask_rest(config: Any, fields: list[Field], known: dict[str, Field]) -> dict[str, Any]:
    """Values, seeds and budget; the content of the study file."""
    names = [field.name for field in fields]
    label = "Points, one a line" + (f": {names[0]}, {names[1]}" if len(names) == 2 else "")
    key = f"study_values_{config.recipe}_{'_'.join(names)}"  # each choice of fields has values of its own
    typed = st.text_area(label, suggestion(config, fields), height=130, **kept(key))
    seeds = st.text_input("Seeds, a run of each point for each", "0", **kept("study_seeds"))
    st.markdown("**Budget**, the same for all points")
    budget = ask_budget(known, set(names))
    content = {"recipe": config.recipe, "vary": names, "values": read_values(typed, fields), "seeds": read_seeds(seeds)}
    return {"description": f"{listed(names)} of {config.recipe}.", **content, "budget": budget}


def ask_budget(known: dict[str, Field], varied: set[str]) -> dict[str, Any]:
    """Epochs, share of the training images and schedule, without those that vary."""
    asked, choices = {}, list(known["schedule"].choices)
    with st.container(horizontal=True):  # beside each other where they fit
        if "epochs" not in varied:
            asked["epochs"] = st.number_input("Epochs", 1, 10_000, 8, width=130, **kept("study_epochs"))
        if "train_share" not in varied:
            share = st.number_input("% of Training", 1, 100, 20, width=130, **kept("study_share"))
            asked["train_share"] = share / 100
        if "schedule" not in varied:
            asked["schedule"] = st.selectbox("Schedule", choices, width=130, **kept("study_schedule"))
    return asked


def show(content: dict[str, Any], name: str) -> None:
    """The checked file and the command, or what is wrong with it."""
    from fercore.training.study import parse_study, study_text

    try:
        study = parse_study(content, check_name(name), f"{name}.toml")
    except (ConfigError, RunError) as error:
        st.error(message(error), icon=":material/error:")
        return
    runs, seeds = len(study.points) * len(study.seeds), len(study.seeds)
    each = f" with {seeds} seeds each" if seeds > 1 else ""
    st.markdown(f"**{count(runs)} runs**: {len(study.points)} points{each}. Save this as {code(f'{name}.toml')}:")
    text = study_text(content)
    st.code(text, language="toml", wrap_lines=True)
    download("Download the file", text, f"{name}.toml", "application/toml")
    st.markdown("Then run it where the file is. It can be stopped and started again at any time:")
    command = state.command(f"scripts/sweep.py {name}.toml")
    if state.may_start_jobs() and not is_shipped(name) and state.dataset() is not None:
        draw_start(name, text, command)
    else:
        st.code(command, language="bash", wrap_lines=True)
        if not state.may_start_jobs():
            st.caption(state.why_no_jobs())
    if name in group_studies(state.runs()):
        st.warning(f"There are runs of {code(name)} already: a sweep goes on with them and refuses another budget.")


def draw_start(name: str, text: str, command: str) -> None:
    """A button that keeps the file beside the runs and trains the points as a job; its progress once it runs."""
    file = kept_study(name)
    job = next((job for job in state.jobs().running() if job.info["writes"] == name), None)
    if job:
        follow(job.id, linked=True)
        return
    if st.button("Run it", key="study_start", type="primary", icon=":material/play_arrow:"):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(file, lambda target: target.write(text.encode()))
        except OSError as error:
            st.error(message(f"{file} cannot be written ({error}); make room there"), icon=":material/error:")
        else:
            start("sweep", subject=str(file), writes=name)
    st.caption(f"It keeps the file in {code(file.parent)} and writes a run folder for each point.")
    with st.expander("In a terminal", icon=":material/terminal:"):
        st.code(command, language="bash", wrap_lines=True)
