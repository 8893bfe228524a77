"""A new cross-validation: of which recipe, in how many folds."""

from __future__ import annotations

import streamlit as st

import state
from views.experiments.new_study import FIRST_RECIPE, kept
from widgets.job_status import offer


def draw() -> None:
    """The form, and the button and the command that run it."""
    with st.spinner("Loading the recipes ..."):
        from fercore.training.config import recipe_names  # imports torch: seconds, once

    st.markdown("#### Choose a recipe; it is trained once for each fold, without the images of that fold.")
    recipes = recipe_names()
    with st.container(horizontal=True):
        recipe = st.selectbox("Recipe", recipes, recipes.index(FIRST_RECIPE), width=260, **kept("kfold_recipe"))
        folds = st.number_input("Folds", 2, 20, 3, width=130, **kept("kfold_folds"))
    if state.dataset() is None:
        state.missing_dataset("A cross-validation")
        return
    flags = {"recipe": recipe, "folds": folds, "name": f"kfold-{recipe}-{folds}"}
    effect = "It writes a run folder for each fold, and one that sums them up."
    offer("kfold", "Cross-validate", flags=flags, effect=effect)
