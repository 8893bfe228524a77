"""Videos on the Predict page: what is found is what the command line finds, and what cannot be read is told."""

import io
import runpy
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from fercore.data.decode import UnreadableImage
from fercore.inference.faces import Face
from fercore.inference.predictor import Predictor
from tests.dashboard.conftest import DASHBOARD, charts, words
from tests.factories.clips import TIMES, write_clip
from tests.factories.data import png
from tests.factories.looks import make_looks
from tests.factories.runs import make_run
from tests.factories.videos import write_timed


@pytest.fixture
def runs(folders):
    return [
        make_run(folders[0], "a", weights=True, n=700, accuracy=0.9),
        make_run(folders[0], "v", seed=1, weights="vit", n=700, accuracy=0.9),
    ]


def uploaded(app, name, data):
    return app.file_uploader(key="clip").set_value((name, data, "video/mp4")).run()


def begun(app, fps=5.0):
    app.number_input(key="clip_fps").set_value(fps)
    return app.button(key="clip_begin").click().run()


def survey_of(run, path, fps=5.0, detector=None):
    from views.predict.clip_survey import Asked, ClipSurvey

    asked = Asked(fps, 0.0, float("inf"), "none", (("a", "torch"),), detector is not None)
    return ClipSurvey(path.name, path.read_bytes(), asked, {"a": Predictor.from_run(run)}, detector, 2.0)


@pytest.mark.slow
def test_who_shows_what_when_as_the_command_line_says(open_page, runs, folders, tmp_path, monkeypatch):
    from views.predict import clip_timeline

    clip = write_clip(tmp_path / "talk.mp4")
    app = open_page("predict", pictures="Video", find_faces="false")
    assert "Upload a video" in words(app)
    app = begun(uploaded(app, "talk.mp4", clip.read_bytes()))
    said = words(app)
    assert "#### 2 people in 6 looks. CNN: of Person 1 it is **not sure** for 100.0 % of " in said
    assert "no independent observations" in said
    assert "At 0.00 s: face 1 is Person 1" in said

    survey = app.session_state["kept_clip"].survey
    drawn = clip_timeline.ribbon_table(survey.told({"a": "CNN", "v": "ViT"}))
    assert list(dict.fromkeys(drawn["row"])) == ["Person 1 · CNN", "Person 1 · ViT", "Person 2 · CNN", "Person 2 · ViT"]
    assert drawn.groupby("row")["looks"].sum().tolist() == [3, 3, 3, 3]
    turned = replace(told := survey.told({"a": "CNN", "v": "ViT"}), tables=dict(reversed(told.tables.items())))
    assert list(dict.fromkeys(clip_timeline.ribbon_table(turned)["row"]))[:2] == ["Person 1 · ViT", "Person 1 · CNN"]
    marks = [chart["mark"]["type"] for chart in charts(app) if "mark" in chart]
    assert sorted(marks) == ["bar", "line", "line"]
    monkeypatch.chdir(tmp_path)
    script = runpy.run_path(str(DASHBOARD.parent / "scripts" / "predict.py"))["main"]
    for run in ("a", "v"):
        arguments = ["talk.mp4", "--fps", "5", "--tracks", "--no-detect", "--out", f"{run}.csv", "--runs"]
        script([run, *arguments, str(folders[0])])
        assert survey.csv(run) == (tmp_path / f"{run}.csv").read_bytes()

    app.select_slider(key="clip_moment").set_value(1.3).run()
    assert "At 1.30 s: face 1 is Person 2" in words(app)
    found, answers = survey.at(1.3)
    table = survey.table("v").set_index("time")
    assert [one.track for one in found] == [2]
    assert round(float(answers["v"].probabilities[0, 3]), 6) == table.loc[1.3, "happy"]


@pytest.mark.slow
def test_smoothed_answers_are_told_everywhere_and_raw_ones_stay_to_download(
    open_page, runs, folders, tmp_path, monkeypatch
):
    clip = write_clip(tmp_path / "talk.mp4")
    app = open_page("predict", pictures="Video", find_faces="false", second="(none)")
    app = begun(uploaded(app, "talk.mp4", clip.read_bytes()))
    assert "averaged over time" not in words(app)
    app = app.slider(key="clip_smoothing").set_value(0.5).run()
    survey, said = app.session_state["kept_clip"].survey, words(app)
    assert "Probabilities are averaged over time, time constant 0.5 s." in said
    assert "CNN: probabilities of Person 1, averaged over time" in said
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels[:3] == ["CNN: faces (CSV)", "CNN: smoothed faces (CSV)", "CNN: smoothed people (JSON)"]
    monkeypatch.chdir(tmp_path)
    script = runpy.run_path(str(DASHBOARD.parent / "scripts" / "predict.py"))["main"]
    arguments = ["a", "talk.mp4", "--fps", "5", "--tracks", "--no-detect", "--out", "a.csv", "--runs", str(folders[0])]
    for smoothing in (0.0, 0.5):
        script([*arguments, "--smooth", str(smoothing)])
        assert survey.csv("a", smoothing) == (tmp_path / "a.csv").read_bytes()
    raw, smooth = survey.table("a"), survey.table("a", 0.5)
    assert set(smooth["smoothing"]) == {0.5}
    # Person 1 begins as the model says it; the second look is 0.3 s later.
    assert smooth["happy"][0] == raw["happy"][0]
    weight = 1 - np.exp(-0.3 / 0.5)
    assert smooth["happy"][1] == pytest.approx((1 - weight) * raw["happy"][0] + weight * raw["happy"][1], abs=1e-5)
    assert smooth["happy"][3] == raw["happy"][3]  # Person 2 begins anew
    _, own = survey.at(0.3, 0.5)
    assert float(own["a"].probabilities[0, 3]) == pytest.approx(smooth["happy"][1], abs=1e-6)


def test_a_click_on_the_timeline_goes_there(open_page, runs, tmp_path):
    app = open_page("predict", pictures="Video", find_faces="false", second="(none)")
    app = begun(uploaded(app, "talk.mp4", write_clip(tmp_path / "talk.mp4").read_bytes()))
    assert app.session_state["clip_moment"] == 0
    from views.predict import clip_results

    for start, moment in ((1.0, 1.0), (77.0, 0.0), ("x", 0.0)):  # the last two no chart of ours can send
        app.session_state["clip_moment"] = 0.0
        assert (
            clip_results.moment_clicked({"moment": [{"start": start}]}, app.session_state["kept_clip"], 0.0) == moment
        )
    assert clip_results.moment_clicked({"moment": []}, app.session_state["kept_clip"], 0.6) == 0.6


def test_the_work_is_done_in_pieces_and_can_be_ended(runs, tmp_path):
    survey = survey_of(runs[0], write_clip(tmp_path / "talk.mp4"))
    survey.work(0)
    survey.work(0)
    assert (survey.looks, survey.finished) == (2, False)
    assert survey.fraction == pytest.approx(0.15)
    assert 0 < survey.seconds_left < 600
    survey.cancel()
    assert (survey.cancelled, survey.goes_on, survey.finished) == (True, False, False)
    survey.settle()
    assert (survey.cancelled, survey.finished) == (True, True)
    assert survey.table("a")["time"].tolist() == [0, 0.3]  # what was found before stays
    survey.work(1)
    assert survey.looks == 2


def test_the_work_can_be_ended_between_any_two_frames(runs, tmp_path):
    # One look in 20 s: all other frames of the way are passed, one for each piece of work.
    clip = write_timed(tmp_path / "talk.mp4", [np.zeros((48, 64, 3), np.uint8)] * 100, [n / 10 for n in range(100)])
    survey = survey_of(runs[0], clip, fps=0.05)
    decoded = []
    for _ in range(5):
        survey.work(0)
        decoded.append(survey.time)
    assert decoded == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    survey.cancel()
    survey.work(60)
    survey.settle()
    assert (survey.looks, survey.time) == (1, pytest.approx(0.4))


def test_a_piece_of_work_ends_with_the_look_in_which_its_time_is_over(runs, tmp_path, monkeypatch):
    from views.predict import clip, pieces

    survey = survey_of(runs[0], write_clip(tmp_path / "talk.mp4"))
    clock = iter(range(100))  # each look takes as long as the whole piece may
    monkeypatch.setattr(pieces, "time", SimpleNamespace(monotonic=lambda: clip.PIECE * next(clock)))
    survey.work(clip.PIECE)
    assert survey.looks == 1
    assert clip.PIECE <= 1  # of the two seconds within which a visitor is heard


LONG = 600  # seconds that a look may take on a busy machine


class Held:
    """A detector that stops in its third look until it is let go."""

    upright = 0.0

    def __init__(self):
        self.reached, self.let_go, self.looks = threading.Event(), threading.Event(), 0

    def __call__(self, picture):
        self.looks += 1
        if self.looks == 3:
            self.reached.set()
            assert self.let_go.wait(LONG)
        return [Face((10.0, 10.0, 60.0, 60.0), 0.9, "mtcnn")]


@pytest.fixture
def held(runs, tmp_path):
    """A survey, its detector, and the thread in which it looks for faces until it is let go."""
    held = Held()
    survey = survey_of(runs[0], write_clip(tmp_path / "talk.mp4"), detector=held)
    working = threading.Thread(target=survey.work, args=(LONG,))
    working.start()
    assert held.reached.wait(LONG)
    yield survey, held, working
    held.let_go.set()
    working.join(LONG)


def test_who_cancels_waits_for_nothing_and_what_was_found_for_the_look_in_progress(held):
    # Streamlit draws the page with the pressed button in a second thread, while the first one works.
    survey, detector, working = held
    survey.cancel()
    assert (survey.cancelled, survey.goes_on, survey.finished) == (True, False, False)
    settling = threading.Thread(target=survey.settle)
    settling.start()
    settling.join(0.01)
    assert not survey.finished  # the third look is still in progress
    detector.let_go.set()
    for thread in (working, settling):
        thread.join(LONG)
        assert not thread.is_alive()
    assert (survey.finished, survey.cancelled, detector.looks, survey.looks) == (True, True, 3, 3)
    assert survey.table("a")["time"].tolist() == [0, 0.3, 0.6]  # each with its answer


def test_the_page_says_that_it_was_heard_while_a_look_is_in_progress(open_page, held, runs, tmp_path, monkeypatch):
    from streamlit.delta_generator import DeltaGenerator

    from views.predict import clip

    survey, detector, _ = held
    app = open_page("predict", pictures="Video", second="(none)")
    app = uploaded(app, "talk.mp4", (tmp_path / "talk.mp4").read_bytes())
    kept = app.session_state["kept_clip"]
    kept.survey, kept.runs = survey, runs[:1]
    monkeypatch.setattr(clip, "go_on", lambda kept: None)  # the work is done in the other thread
    app = app.run()
    said, info, settle = [], DeltaGenerator.info, clip.Kept.settle

    def tell(self, body, **settings):
        said.append(body)
        return info(self, body, **settings)

    def wait(kept):
        said.append("waits")
        detector.let_go.set()
        settle(kept)

    monkeypatch.setattr(DeltaGenerator, "info", tell)
    monkeypatch.setattr(clip.Kept, "settle", wait)
    app = app.button(key="clip_cancel").click().run()
    assert [toast.value for toast in app.toast] == [clip.HEARD]
    found = "You ended this after 3 looks, at second 0.6; what was found stays."
    assert said[:3] == [clip.HEARD, "waits", found]
    told = [info.value for info in app.info]
    assert found in told
    assert clip.HEARD not in told
    assert survey.finished


def test_where_the_look_in_progress_is_the_last_nothing_was_ended(runs, tmp_path):
    survey = survey_of(runs[0], write_clip(tmp_path / "talk.mp4"))
    survey.work(0)
    survey._step = lambda: (survey.cancel(), survey._finish())
    survey.work(0)
    survey.settle()
    assert (survey.finished, survey.cancelled) == (True, False)


def test_faces_are_searched_for_as_often_as_the_page_says(open_page, runs, tmp_path, folders, monkeypatch):
    clip = write_clip(tmp_path / "talk.mp4")
    app = open_page("predict", pictures="Video", second="(none)")
    app = uploaded(app, "talk.mp4", clip.read_bytes())
    app = app.number_input(key="clip_look_every").set_value(4).run()
    assert "at most 1.5 s later" in words(app)  # three looks, half a second apart
    app = begun(app)
    survey = app.session_state["kept_clip"].survey
    assert survey.asked.look_every == 4
    monkeypatch.chdir(tmp_path)
    script = runpy.run_path(str(DASHBOARD.parent / "scripts" / "predict.py"))["main"]
    script(
        ["a", "talk.mp4", "--fps", "5", "--tracks", "--look-every", "4", "--out", "a.csv", "--runs", str(folders[0])]
    )
    assert survey.csv("a") == (tmp_path / "a.csv").read_bytes()


def test_a_cancelled_survey_is_told_and_shown(open_page, runs, tmp_path, monkeypatch):
    from views.predict import clip

    app = open_page("predict", pictures="Video", find_faces="false", second="(none)")
    app = uploaded(app, "talk.mp4", write_clip(tmp_path / "talk.mp4").read_bytes())
    monkeypatch.setattr(clip, "PIECE", 0)
    monkeypatch.setattr(clip.st, "rerun", lambda: None)  # a piece for each run of the page
    app = begun(app)
    assert "looks, " in app.get("progress")[0].proto.text
    app = app.run()
    app.button(key="clip_cancel").click().run()
    assert "You ended this after 2 looks" in words(app)
    assert app.session_state["kept_clip"].survey.table("a")["time"].tolist() == [0, 0.3]
    assert app.button(key="annotate_a").label == "CNN: draw the annotated video"


def test_the_most_that_is_kept(runs, tmp_path, monkeypatch):
    from views.predict import clip_survey

    monkeypatch.setattr(clip_survey, "MOST_FACES", 3)
    survey = survey_of(runs[0], write_clip(tmp_path / "talk.mp4"))
    survey.work(60)
    assert (survey.full, survey.looks, survey.time) == (True, 3, 0.6)


def test_a_truncated_video_keeps_what_is_there_and_says_so(runs, tmp_path):
    noise = [np.random.default_rng(n).integers(0, 256, (96, 128, 3), dtype=np.uint8) for n in range(20)]
    clip = write_timed(tmp_path / "talk.mkv", noise, [n / 10 for n in range(20)])
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    survey = survey_of(runs[0], clip, fps=10)
    survey.work(60)
    assert "it is damaged" in survey.problem
    assert 4 < len(survey.found) < 16
    assert len(survey.table("a")) == len(survey.found)


@pytest.mark.slow
def test_an_annotated_video_can_be_drawn(open_page, runs, tmp_path):
    app = open_page("predict", pictures="Video", find_faces="false", second="(none)")
    app = begun(uploaded(app, "talk.mp4", write_clip(tmp_path / "talk.mp4").read_bytes()))
    app = app.button(key="annotate_a").click().run()
    drawn = app.session_state["kept_clip"].annotation
    assert drawn.finished
    import av

    with av.open(io.BytesIO(drawn.content)) as file:
        assert [frame.time for frame in file.decode(video=0)] == pytest.approx(TIMES, abs=1e-3)
    assert [button.proto.label for button in app.get("download_button")][-1] == "CNN: annotated video (MP4)"


def drawn_times(annotation):
    import av

    annotation.work(60)
    assert annotation.finished
    with av.open(io.BytesIO(annotation.content)) as file:
        return [frame.time for frame in file.decode(video=0)]


def test_an_annotated_video_ends_where_the_work_on_it_was_ended(runs, tmp_path, monkeypatch):
    from views.predict import clip_survey

    clip = write_clip(tmp_path / "talk.mp4")
    survey = survey_of(runs[0], clip)
    survey.work(0)
    survey.work(0)
    survey.cancel()
    survey.settle()
    assert survey.end == pytest.approx(0.3 + 0.2)  # what was seen at 0.3 s holds until the next look
    assert drawn_times(clip_survey.Annotation(survey, "a")) == pytest.approx([0, 0.3], abs=1e-3)

    monkeypatch.setattr(clip_survey, "MOST_FACES", 3)
    survey = survey_of(runs[0], clip)
    survey.work(60)
    assert survey.full
    assert drawn_times(clip_survey.Annotation(survey, "a")) == pytest.approx([0, 0.3, 0.6], abs=1e-3)


@pytest.mark.parametrize(("codec", "played"), [("libx264", True), ("mpeg4", False)])
def test_a_video_is_played_where_browsers_can_whatever_it_is_called(open_page, runs, tmp_path, codec, played):
    halves = np.full((96, 128, 3), 20, np.uint8)
    halves[:48] += 20
    clip = write_timed(tmp_path / "talk.mp4", [halves] * 3, [0, 0.4, 0.8], codec=codec)
    app = open_page("predict", pictures="Video", find_faces="false", second="(none)")
    app = begun(uploaded(app, "talk.avi", clip.read_bytes()))
    assert len(app.get("video")) == played
    assert ("Not all browsers play a video of this form or coding" in words(app)) == (not played)


SOUND_ONLY = "it holds no moving pictures, only sound or data"
REFUSED = {
    "empty.mp4": (b"", "the file is empty"),
    "text.mp4": (b"a shopping list", "not a video of a known form"),
    "picture.mp4": (png(np.zeros((48, 48), np.uint8)), "it is a picture: choose Upload for it"),
    "half.mp4": (b"\0\0\0\x18ftypisom" + bytes(99), "not a video that FFmpeg can read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_video_is_told(name):
    from views.predict.clip_survey import checked

    data, reason = REFUSED[name]
    with pytest.raises(UnreadableImage) as problem:
        checked(data)
    assert reason in str(problem.value)


def test_sound_alone_is_told_on_the_page_which_stands(open_page, runs, tmp_path):
    import av

    with av.open(str(tmp_path / "a.mp4"), "w") as file:
        stream = file.add_stream("aac", rate=48000, layout="mono")
        part = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        part.sample_rate = 48000
        file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    app = open_page("predict", pictures="Video", second="(none)")
    app = uploaded(app, "*a*.mp4", (tmp_path / "a.mp4").read_bytes())
    assert f"`*a*.mp4` cannot be read: {SOUND_ONLY}." in words(app).replace("\\", "")
    assert "clip_begin" not in [button.key for button in app.button]
    app = uploaded(app, "talk.mp4", write_clip(tmp_path / "talk.mp4").read_bytes())
    assert not app.error


@pytest.mark.slow
def test_a_video_without_a_face_and_one_that_is_forgotten(open_page, runs, tmp_path):
    blank = write_timed(tmp_path / "blank.mp4", [np.zeros((96, 128, 3), np.uint8)] * 2, [0, 0.5])
    app = begun(uploaded(open_page("predict", pictures="Video", second="(none)"), "b.mp4", blank.read_bytes()))
    assert "#### No face is found in 2 looks at this video." in words(app)
    app = app.switch_page("views/models/page.py").run().switch_page("views/predict/page.py")
    app.query_params["pictures"] = "Video"
    app = app.run()
    assert "Still here is `b.mp4`" in words(app).replace("\u2060", "")
    app = app.button(key="forget_clip").click().run()
    assert app.session_state["kept_clip"] is None
    assert "Upload a video" in words(app)


def test_a_part_beyond_the_end_cannot_be_begun(open_page, runs, tmp_path):
    app = open_page("predict", pictures="Video", second="(none)")
    app = uploaded(app, "talk.mp4", write_clip(tmp_path / "talk.mp4").read_bytes())
    app = app.number_input(key="clip_start").set_value(5.0).run()
    assert "must lie before the last" in words(app)
    assert app.button(key="clip_begin").disabled


def opened(open_page, table, name="faces.csv"):
    app, data = open_page("predict", pictures="Saved answers", second="(none)"), table.to_csv(index=False).encode()
    return app.file_uploader(key="saved_answers").set_value((name, data, "text/csv")).run()


@pytest.mark.slow
def test_saved_answers_open_in_the_timeline(open_page, runs):
    looks = make_looks([(0.0, 1, "happy", 0.8, True), (0.5, 1, "happy", 0.8, True), (1.0, 2, "sad", 0.6, True)])
    app = opened(open_page, looks.assign(smoothing=0.4))
    said = words(app)
    assert "#### 2 people in 3 looks. Answer: Person 1 is **happy** for 100.0 % of 1.0 s" in said
    assert "Probabilities are averaged over time, time constant 0.4 s." in said
    assert sorted(chart["mark"]["type"] for chart in charts(app) if "mark" in chart) == ["bar", "line"]
    assert [button.proto.label for button in app.get("download_button")] == [
        "Answer: smoothed people (JSON)",
        "Answer: smoothed subtitles (WebVTT)",
    ]
    app = app.switch_page("views/models/page.py").run().switch_page("views/predict/page.py")
    app.query_params["pictures"] = "Saved answers"
    app = app.run()
    assert "2 people in 3 looks" in words(app)
    app = app.button(key="forget_answers").click().run()
    assert "Open a table" in words(app)


def test_classes_called_as_columns_of_the_table_of_shares_are_told_apart(open_page, runs):
    looks = make_looks([(0.0, 1, "happy", 0.8, True), (0.5, 1, "happy", 0.8, True)])
    app = opened(open_page, looks.rename(columns={"happy": "Model"}).assign(label="Model"))
    assert [*app.dataframe[0].value.columns] == ["Person", "Model", "Seconds", "Model (class)"]


def test_another_table_is_told(open_page, runs):
    app = opened(open_page, pd.DataFrame({"a": [1]}), "*shopping*.csv")
    assert "cannot be opened: other columns than those of answers" in app.error[0].value
    assert "*shopping*.csv" in app.error[0].value.replace("\\", "")
