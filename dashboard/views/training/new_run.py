"""A new run: a recipe, what differs from it, what it will cost here, and the button that starts it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

import state
from fercore.charts.style import count
from fercore.fields import ConfigError
from fercore.jobs import ALIVE, Job
from fercore.runs import Run, RunError, check_name
from widgets.job_status import duration_words, follow, start, tell_end, terminal_command
from widgets.recipe_fields import SECTIONS, as_text, ask, fields_of
from wording.markdown import code, escape, message

if TYPE_CHECKING:
    from fercore.training.config import Config

FIRST_RECIPE = "report-cnn"
FIRST = ("epochs", "batch_size", "learning_rate", "seed")  # shown above all others
NEW = "New run"  # of the page's switch
BASE = "new_run_base"  # key of what a new run begins with
ASKED = "new_run_asked_for"


def draw() -> None:
    """The whole form; running trainings first."""
    for job in state.jobs().running():
        if job.info["script"].endswith("train.py") and job.info["writes"]:
            follow(job.id, linked=True)
    dataset = state.dataset()
    if dataset is None:
        state.missing_dataset("A training")
        return
    with st.spinner("Loading the recipes ..."):
        from fercore.training.config import fitted, load_recipe, recipe_names  # imports torch: seconds, once

    recipes = recipe_names()
    likes = {like(run): run for run in state.runs() if _recipe_of(run) in recipes}
    choices = [*recipes, *likes]
    # Not as the widget's default, see `was_asked_for`.
    st.session_state.setdefault(BASE, FIRST_RECIPE)
    left, right = st.columns(2, gap="large")
    with left:
        about = "A recipe of the project, or the settings of a run that is here."
        chosen = st.selectbox("Begin with", choices, key=BASE, help=about)
        earlier = likes.get(chosen)
        recipe = _recipe_of(earlier) if earlier else chosen
        config = load_recipe(recipe)
        today = f"{recipe}-{datetime.now():%Y%m%d-%H%M}"
        name = st.text_input("Name of the run", today, max_chars=100, key="new_run_name", persist_state="session")
    try:
        check_name(name)
        changes = ask_all(config, _differences(config, earlier) if earlier else {}, chosen)
        asked = fitted(config.override(**changes), dataset)
    except (ConfigError, RunError) as error:
        st.error(message(error), icon=":material/error:")
        return
    with right:
        draw_start(recipe, name, asked, changes)


def like(run: Run) -> str:
    """How the settings of a run are called among those that a new one may begin with."""
    return f"like {run.name}"


def ask_all(config: Config, begun_with: dict[str, Any], chosen: str) -> dict[str, Any]:
    """Widgets for all settings, the most asked for first; those that differ from the recipe.

    What is `chosen` to begin with names the widgets, so that each keeps what was typed into its own.
    """
    known, changes = fields_of(config), {}

    def ask_group(names: list[str]) -> None:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for name in names:
                field = known[name]
                value = ask(field, begun_with.get(name, field.value), f"new_run_{chosen}_{name}")
                value = tuple(value) if isinstance(value, list) else value
                if value != field.value:
                    changes[name] = value

    ask_group([name for name in FIRST if name in known])
    for section, title in SECTIONS.items():
        rest = [field.name for field in known.values() if field.section == section and field.name not in FIRST]
        with st.expander(f"{title}: {len(rest)} more settings"):
            ask_group(rest)
    return changes


def draw_start(recipe: str, name: str, asked: Config, changes: dict[str, Any]) -> None:
    """What was changed, what it costs, and the button."""
    from fercore.jobs.commands import training_settings

    settings = training_settings(recipe, changes)
    differs = ", ".join(f"{code(key)} {escape(as_text(value))}" for key, value in changes.items())
    st.markdown(f"**{code(name)}**: recipe {code(recipe)}" + (f" with {differs}." if differs else ", unchanged."))
    parameters = state.worked_out(_parameters, asked.model_type, asked.model, spinner="Building the network ...")
    st.markdown(f"{count(parameters)} parameters, {asked.training.epochs} epochs at most.")
    command = terminal_command("train", flags={"recipe": recipe, "name": name}, settings=settings)
    if not state.may_start_jobs():
        st.code(command, language="bash", wrap_lines=True)
        st.caption(state.why_no_jobs())
        return
    if state.find_run(name):
        st.warning(f"There is a run {code(name)} already; choose another name.", icon=":material/warning:")
        return
    flags = {"recipe": recipe, "name": name}
    if st.button("Start training", type="primary", icon=":material/play_arrow:", key="new_run_start"):
        start("train", settings=settings, flags=flags, writes=name)
    st.caption(f"It writes a run folder. {duration_words('train')}")
    draw_cost(recipe, settings)
    with st.expander("In a terminal", icon=":material/terminal:"):
        st.code(command, language="bash", wrap_lines=True)


def draw_cost(recipe: str, settings: list[str]) -> None:
    """Size, time and memory, measured on a few steps by a job: it waits until no training disturbs it."""
    flags = {"recipe": recipe, "measure": True}
    wanted = {f"--recipe={recipe}", "--measure", *settings}
    job = next((job for job in state.jobs().list() if not job.info["writes"] and wanted == _asked(job)), None)
    now = job.state if job else ""
    if now in ALIVE:
        follow(job.id)
        return
    if now == "finished":
        st.info(escape(job.log().strip().rpartition("\n")[2]), icon=":material/timer:")
    elif job:
        tell_end(job, now)
    if st.button("Measure its cost first", icon=":material/timer:", key="new_run_measure"):
        start("train", settings=settings, flags=flags, writes="", title=f"Measure the cost of {recipe}")


def _parameters(kind: str, model: Any) -> int:
    from fercore.models.registry import build, count_parameters

    return count_parameters(build(kind, model))


def _asked(job: Job) -> set[str]:
    """The arguments of a job without its folders."""
    return {word for word in job.info["arguments"] if not word.startswith(("--runs=", "--data="))}


def draw_run_buttons(run: Run) -> None:
    """What can be done with a run that is shown: stop it, go on with it, train another like it."""
    if not state.may_start_jobs():
        return
    job = next((job for job in state.jobs().list() if job.info["writes"] == run.name and job.state in ALIVE), None)
    if job:
        follow(job.id)
        return
    with st.container(horizontal=True):
        if run.status in ("stopped", "failed", "interrupted") and st.button(
            f"Go on with {run.name}", key=f"resume_{run.name}", icon=":material/play_arrow:", type="primary"
        ):
            start("train", flags={"resume": run.name}, writes=run.name)
        if _recipe_of(run):
            st.button(
                f"Train {run.name} again with changes",
                key=f"again_{run.name}",
                icon=":material/tune:",
                on_click=_begin_like,
                args=(run,),
            )


def _begin_like(run: Run) -> None:
    st.session_state["show"], st.session_state[BASE] = NEW, like(run)
    st.session_state[ASKED] = True


def was_asked_for() -> bool:
    """Whether a button has just chosen this form: what it chose and a widget's default do not go together."""
    return st.session_state.pop(ASKED, False)


def _recipe_of(run: Run | None) -> str | None:
    recipe = run.info["config"].get("recipe") if run else None
    return recipe if isinstance(recipe, str) else None


def _differences(config: Config, run: Run) -> dict[str, Any]:
    """What a run set differently from its recipe; nothing where its model is of another type."""
    from fercore.training.config import from_dict

    try:
        own = from_dict(run.info["config"], f"{run.name}/run.json")
    except ConfigError:
        return {}
    if own.model_type != config.model_type:
        return {}
    recipe, known = fields_of(config), fields_of(own)
    return {name: field.value for name, field in known.items() if name in recipe and field.value != recipe[name].value}
