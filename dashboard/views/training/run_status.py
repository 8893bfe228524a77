"""What a run that is not finished is doing, and why a run has no epochs of its own."""

import streamlit as st

import state
from fercore.evaluation.learning import Learning
from fercore.runs import Run
from widgets.job_status import spoken
from widgets.links import link
from wording.markdown import code


def say_status(run: Run, found: Learning | None) -> None:
    """What a run that is not finished is doing, and how to go on with it."""
    done, name, status = found.epochs if found else 0, code(run.name), run.status
    if status == "running":
        planned = run.info["config"].get("training", {}).get("epochs")
        of = f" of {planned}" if type(planned) is int else ""
        left = ""
        if found and type(planned) is int and planned > done:
            left = f" About {spoken((planned - done) * found.seconds_per_epoch)} left."
        words = f"{name} is training: {done}{of} epochs are finished.{left} This page follows it."
        st.info(words, icon=":material/sync:")
    elif status != "finished":
        words = f"after epoch {done}" if done else "before its first epoch ended"
        how = "Go on with it above, or with:" if state.may_start_jobs() else "Go on with:"
        st.warning(f"{name} {'was' if status != 'failed' else 'has'} {status} {words}. {how}")
        st.code(state.command(f"scripts/train.py --resume {run.name}"), language="bash")


def say_no_epochs(run: Run) -> None:
    """Why a run has no epochs of its own, and where what it sums up is shown."""
    if "source" in run.info:
        st.info(f"{code(run.name)} was trained by others; how is not recorded here.", icon=":material/link:")
        return
    ensemble = run.info["ensemble"]
    members = ensemble.get("members") if isinstance(ensemble, dict) else None
    named = [code(name[:100]) for name in members if isinstance(name, str)][:10] if isinstance(members, list) else []
    choose = f" Choose them to see how each learned: {', '.join(named)}." if named else ""
    st.info(f"{code(run.name)} sums up other runs and has no epochs of its own.{choose}", icon=":material/functions:")
    if "kfold" in run.info:
        link("experiments", "See them fold by fold", ":material/science:", {"experiment": run.name})
