"""Caches, session state and what is chosen: the only package of the dashboard that holds any of them.

What pages may use
------------------
Folders
    `runs_root()`, `data_root()`: from `streamlit run dashboard/Home.py -- --runs DIR --data DIR`, else from the
    environment (FERCORE_RUNS, FERCORE_DATA), else runs/ and data/fer2013/ of this repository.
    `command(script)`: what to type, with these folders where they are not the default (folders.py).
Runs
    `runs()`, `problems()`, `find_run(name)`, `ranked(runs)` (best first); where there are none, `say_no_runs()` says
    what to do, and `require_runs()` says it and stops the page. Points of studies and folds (`Run.part_of`) come last
    everywhere: what is small and meant to be compared with its like is nobody's best run.
What runs hold, cached until their files change
    `history(run)`, `metrics(run, split, tta)`, `reports(run)`, `predictions(run, split, tta)`, `average_faces(run)`,
    `features(run)`, `split_name(run, split)`. They raise `RunError`; let it through and Home.py shows its message in
    the place of the page. Where one bad run must not blank the others, use `readable(load, runs)`. A fragment runs
    without Home.py: put its body under `errors_shown()`.
Models
    `with_weights(runs)`; `computed(make, run, *args)` is `make(loaded_model, *args)`, kept; `predictor(run)` answers
    for faces in any thread.
Choosers, drawn where they are called: directly under the page's title
    `choose_run()`, `choose_evaluation()` -> run, split and tta, `choose_runs()`. The choice is kept on all pages and
    in the URL; `select(run=..., split=..., tta=...)` chooses from code, before `st.switch_page`. What only one page
    asks for goes into the URL through Streamlit's own `bind="query-params"`.
Data set
    `dataset()` -> Dataset or None, `dataset_problem()`, `dataset_matches(run)`, `image_rows(ids)`,
    `dataset_average_faces()`, `augmented(face, n, seed)`;
    `missing_dataset(what)` says what to run for pictures, `require_dataset(what)` says it and stops the page.
Faces in pictures and videos
    `detector()`, shared by all; `webcam()`, one for each session, stopped when the session ends; `keep_face(image,
    name)` and `kept_faces()`: faces that go from page to page, in memory only.
Words and looks
    `escape(text)`, `code(text)` and `message(error)` (words.py) for every text that comes from a run folder or the
    URL; `dark()`; `chart(make, *args)`, cached, and `live_chart(rows, make, *args)`, which keeps its place while rows
    change; `show_others(key)`, a button that counts.

Values may be shared by all users of the server: change none of them (arrays are read-only, tables are copies).
Importing this package imports no torch; a page that needs it pays for it alone.
"""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from folders import command, data_root, prepare_command, runs_root
from state.choosers import Evaluation, choose_evaluation, choose_run, choose_runs, select
from state.faces import detector, keep_face, kept_faces, webcam
from state.looks import chart, dark, live_chart, show_others
from state.models import computed, predictor, with_weights
from state.pictures import (
    augmented,
    dataset,
    dataset_average_faces,
    dataset_matches,
    dataset_problem,
    image_rows,
    missing_dataset,
    require_dataset,
)
from state.stored import (
    HOW_TO_TRAIN,
    average_faces,
    errors_shown,
    features,
    find_run,
    history,
    metrics,
    predictions,
    problems,
    ranked,
    readable,
    reports,
    require_runs,
    runs,
    say_no_runs,
    split_name,
)
from words import code, escape, message

# Until Home.py has called st.navigation once, Streamlit takes the files of pages/ for pages of its own: whoever opens
# /training first after a start would get the bare file, without navigation. This sends them through Home.py.
if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()
