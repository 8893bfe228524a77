"""Caches, session state and what is chosen: the only package of the dashboard that holds any of them.

What pages may use
------------------
Folders
    `runs_root()`, `data_root()`: from `streamlit run dashboard/Home.py -- --runs DIR --data DIR`, else from the
    environment (FERCORE_RUNS, FERCORE_DATA), else runs/ and data/fer2013/ of this repository.
    `command(script)`: what to type, with these folders where they are not the default (folders.py).
Runs
    `runs()`, `problems()`, `find_run(name)`, `ranked(runs)` (best first), `singles_first(runs)`,
    `of_one_data_set(runs)` (those that can be ranked against each other, and the others); where there are none,
    `say_no_runs()` says what to do, and `require_runs()` says it and stops the page. Points of studies and folds
    (`Run.part_of`) come last everywhere: what is small and meant to be compared with its like is nobody's best run.
What runs hold, cached until their files change
    `history(run)`, `metrics(run, split, tta)`, `reports(run)`, `predictions(run, split, tta)`, `average_faces(run)`,
    `features(run)`, `layer_tables(run, split)`, `embedding(run, split)`, `robustness(run, split)`,
    `split_name(run, split)`;
    `weak_points(run)`: where it fails; `checked_predictions(run, split, tta)` are those from which figures can be
    computed. `summaries(run, score)`, `learned(run)`, `speeds(run)` and `onnx_record(run)` are what tables of many runs
    show, quick from the `index()`; `Readings` reads them only where they are asked for; `facets(run)` and `notes(run)`
    are what a table is searched by. All raise `RunError`; let it through and Home.py shows its message in the place of
    the page. Where one bad run must not blank the others, use `readable(load, runs)`. A fragment runs without Home.py:
    put its body under `errors_shown()`.
    With a `Score` other than the published one, metrics, reports and predictions are those of the images without a
    copy in training (CLEAN) or of those on which most people agree, labelled by what they say (PEOPLE);
    `copies(run, split, tta)` says which have a copy, `no_clean_score(run, split, tta)` and `no_people_score(...)` why
    there is no such score.
People
    `votes(run, split, tta)`: what ten people say of the images that a run answered for, `people(run, split, tta)` how
    the run compares with them; None where nobody voted on them.
Models
    `with_weights(runs)`; `computed(make, run, *args)` is `make(loaded_model, *args)`, kept; `predictor(run, tta)`
    answers for faces in any thread, `answers(run, crops, tta)` are its answers, kept for this session;
    `confidence(run, tta)`: its temperature and threshold.
Choosers, drawn where they are called: directly under the page's title
    `choose_run()`, `choose_evaluation()` -> run, split, tta and score,
    `choose_runs()`, `choose_run_and_split(runs, splits_of)` -> run, split and score, `choose_score(runs)` -> score,
    `choose_measurement(runs)` -> split, tta and score of several runs. The choice is kept on all pages and in the URL;
    `select(run=..., split=..., tta=..., score=...)` chooses from code, before another page is opened. What only one
    page asks for goes into the URL through Streamlit's own `bind="query-params"`, a number by `number_key(key)`.
Data set
    `dataset()` -> Dataset or None, `dataset_problem()`, `dataset_matches(run)`, `image_rows(ids)`,
    `dataset_average_faces()`, `augmented(face, n, seed)`;
    `missing_dataset(what)` says what to run for pictures.
Audit
    `audit()`, `known_copies()`: what is wrong with the data set; `decisions()`, `decide(ids, decision)`: what the user
    wants done about it; `suspected(run)`: labels that a cross-validation doubts, `vote_doubts()`: labels
    that most people do not share.
Faces in pictures and videos
    `detector(video)`, shared by all; `looked_at(file, detect, shapes)`: the faces in a picture's bytes,
    cropped as models want them (`face_shape(run)`), kept for this session;
    `webcam()`, one for each session, stopped when the session ends; `keep_face(image,
    name)` and `kept_faces()`: faces that go from page to page, in memory only; `keep_uploads(files)` and
    `kept_uploads()`: files that are there still when the visitor comes back to their page; `keep_clip(clip)` and
    `kept_clip()`: a video likewise; `keep_answers(name, data)` and `kept_answers()`: a table of saved answers.
Jobs
    `jobs()`: our scripts as processes that outlive pages and server; `may_start_jobs()`: whether visitors may start
    them, `why_no_jobs()` why they may not; `usual_seconds(script)`: how long they took here.
Visitors
    `signed_in()`: whether this one may see pages; where the server is a demonstration, `is_demo()`, `limit_uploads()`,
    `upload_limit(mb)`, and `spend()`, which rations looks at pictures and videos.
Words and looks
    `escape(text)`, `code(text)` and `message(error)` for every text that comes from a run folder or the
    URL; `draw_answer(sentence)`, which opens a page; `dark()`; `run_looks()`, a colour and a shape for each run;
    `chart(make, *args)`, cached, and `live_chart(rows, make, *args)`, which keeps its place while rows change;
    `show_others(key)`, a button that counts; `worked_out(make, *args)` is `make(*args)`, kept.

Values may be shared by all users of the server: change none of them (arrays are read-only, tables are copies).
Importing this package imports no torch; a page that needs it pays for it alone.
"""

from state.address import number_key
from state.background_jobs import jobs, may_start_jobs, usual_seconds, why_no_jobs
from state.caches import worked_out
from state.charts import chart, dark, draw_answer, live_chart, run_looks, show_others
from state.data_quality import audit, decide, decisions, decisions_file, known_copies, suspected, vote_doubts
from state.dataset_images import (
    augmented,
    data_flags,
    dataset,
    dataset_average_faces,
    dataset_matches,
    dataset_problem,
    image_rows,
    missing_dataset,
)
from state.demo import CLIP, is_demo, limit_uploads, spend, upload_limit
from state.faces import (
    detector,
    keep_answers,
    keep_clip,
    keep_face,
    keep_uploads,
    kept_answers,
    kept_clip,
    kept_faces,
    kept_uploads,
    looked_at,
    webcam,
)
from state.folders import command, data_root, prepare_command, runs_root
from state.loaded_models import answers, computed, confidence, face_shape, predictor, with_weights
from state.people import people, votes
from state.readings import Readings, readable, say_left_out
from state.results import (
    Score,
    checked_predictions,
    copies,
    metrics,
    no_clean_score,
    no_people_score,
    predictions,
    reports,
    score_classes,
    scored,
    summaries,
    summary,
    weak_points,
    weak_words,
)
from state.run_folders import (
    HOW_TO_TRAIN,
    average_faces,
    embedding,
    errors_shown,
    facets,
    features,
    find_run,
    history,
    index,
    is_timed,
    layer_tables,
    learned,
    notes,
    of_one_data_set,
    onnx_record,
    problems,
    ranked,
    ranks,
    require_runs,
    robustness,
    runs,
    say_no_runs,
    shared_split_name,
    singles_first,
    speeds,
    split_name,
)
from state.selection import (
    OWN,
    WHAT_IS_CLEAN,
    Evaluation,
    Measurement,
    choose_evaluation,
    choose_measurement,
    choose_run,
    choose_run_and_split,
    choose_runs,
    choose_score,
    select,
)
from state.sign_in import signed_in
from state.warming import warm_up
from wording.markdown import code, escape, message
