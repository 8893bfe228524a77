"""The page Jobs and the buttons that start jobs, with our real scripts on a tiny data set."""

import errno
import json
import os
import subprocess
import sys
import time

import pytest

from fercore.jobs import Jobs, Roots
from fercore.jobs.commands import build
from fercore.jobs.records import create_job, new_id
from fercore.runs import update_run
from fercore.training.config import load_recipe
from tests.dashboard.conftest import DASHBOARD, headline, words
from tests.factories.data import make_dataset
from tests.factories.runs import make_run
from tests.factories.warm import warm_processes

LONG = 300  # seconds that a script may take on a busy machine


@pytest.fixture(scope="module")
def warm():
    with warm_processes() as processes:
        yield processes


@pytest.fixture
def jobs(folders, tmp_path, warm, monkeypatch):
    monkeypatch.setattr("fercore.jobs.subprocess", warm)
    found = Jobs(tmp_path / "jobs", DASHBOARD.parent / "scripts", Roots(*folders))
    yield found
    for job in found.list():
        if process := job.process():
            process.kill()


def ended(job):
    end = time.monotonic() + LONG
    while job.exit_code is None:
        assert time.monotonic() < end, job.log()
        time.sleep(0.1)
    return job


def button(app, label):
    return next(one for one in app.button if one.label == label)


def test_an_empty_page_says_where_to_begin(open_page):
    app = open_page("jobs")
    assert "Nothing was started from these pages yet" in words(app)


def test_what_was_run_can_be_typed_again(open_page, jobs):
    info = {"script": "/x/train.py", "arguments": ["--name=my run"], "title": "Train", "alone": True, "writes": "a"}
    create_job(jobs.folder, new_id(), info).mark("exit", code=0)
    assert "python /x/train.py '--name=my run'" in [one.value for one in open_page("jobs").code]


def test_the_command_that_downloads_a_data_set_is_the_script_s_own(open_page, folders):
    app = open_page("dataset")
    app.segmented_control(key="bring_from").set_value("From Kaggle").run()
    typed = [one.value for one in app.checkbox(key="bring_skip_bad").check().run().code]
    assert f"python scripts/prepare_data.py --kaggle --skip-bad --out {folders[1]}" in typed


@pytest.mark.slow
def test_a_run_is_evaluated_by_a_button(open_page, folders, jobs):
    dataset = make_dataset(folders[1], per_class=2)
    run = make_run(folders[0], "a", dataset=dataset, weights=True, splits=())
    app = open_page("evaluation", run="a")
    assert "`a` has not been evaluated yet" in words(app)
    assert "python scripts/evaluate.py a" in words(app)
    assert "Not timed on this machine yet." in words(app)
    button(app, "Evaluate it").click().run()
    [job] = jobs.list()
    assert ended(job).state == "finished", job.log()
    assert run.metrics("test")["n"] == 14
    app = open_page("evaluation", run="a")
    assert "has not been evaluated" not in words(app)

    app = open_page("jobs")
    assert "Evaluate a" in app.selectbox(key="job").options[0]
    assert "Finished" in app.success[0].value


def test_what_failed_says_so_with_its_log(open_page, folders, jobs):
    dataset = make_dataset(folders[1], per_class=2)
    make_run(folders[0], "a", dataset=dataset, splits=())  # without weights
    app = open_page("evaluation", run="a")
    button(app, "Evaluate it").click().run()
    [job] = jobs.list()
    assert ended(job).state == "failed"
    app = open_page("jobs")
    assert "failed with exit code 2" in words(app)
    assert "model.safetensors" in words(app)
    assert button(app, "Go on")


def test_a_job_that_died_with_the_machine_is_interrupted(open_page, jobs):
    info = {"script": "/x/train.py", "arguments": [], "title": "Train b", "alone": True, "writes": "b"}
    job = create_job(jobs.folder, new_id(), info)
    (job.path / "process.json").write_text(json.dumps({"pid": 2**22, "started": 1.0}))
    app = open_page("jobs")
    assert "was interrupted" in words(app)
    assert headline(app).startswith("#### Nothing runs now")


@pytest.mark.parametrize(
    ("page", "query", "gone"),
    [
        ("evaluation", {"run": "a"}, "Evaluate it"),
        ("training", {"runs": "a"}, "Go on with a"),
        ("training", {"show": "New run"}, "Start training"),
        ("dataset", {}, "Prepare it"),
        ("audit", {}, "Audit it"),
        ("experiments", {}, "Cross-validate"),
        ("jobs", {}, "Go on"),
    ],
)
def test_a_server_that_others_reach_has_no_buttons_and_says_why(
    open_page, folders, jobs, monkeypatch, page, query, gone
):
    make_run(folders[0], "a", dataset=make_dataset(folders[1], per_class=2), status="stopped", splits=())
    info = {"script": "/x/train.py", "arguments": [], "title": "Train b", "alone": True, "writes": "b"}
    create_job(jobs.folder, new_id(), info).mark("exit", code=1)
    monkeypatch.setattr("state.background_jobs.LOCAL", ())
    app = open_page(page, **query)
    assert gone not in [one.label for one in app.button]
    assert "streamlit run dashboard/Home.py -- --jobs" in words(app)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(open_page, folders, jobs, monkeypatch):
    make_run(folders[0], "a", dataset=make_dataset(folders[1], per_class=2), weights=True, splits=())
    app = open_page("evaluation", run="a")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("fercore.run_files.os.fsync", full)
        button(app, "Evaluate it").click().run()
    assert "No space left on device" in app.error[0].value
    assert "make room in" in app.error[0].value
    assert [path.name for path in jobs.folder.iterdir()] == [".submit.lock"]


@pytest.mark.slow
def test_a_refused_upload_is_a_sentence(open_page, folders, jobs):
    make_run(folders[0], "a")
    app = open_page("dataset")
    app.file_uploader[0].upload("faces.zip", b"no archive at all").run()
    button(app, "Prepare it").click().run()
    [job] = jobs.list()
    assert ended(job).state == "failed", job.log()
    said = words(open_page("dataset")).replace("\\", "")
    assert "Prepare faces.zip failed with exit code 2. " in said, said
    assert "faces.zip" in said.partition("with exit code 2. ")[2].split("\n")[0]
    assert not job.uploads.exists()


@pytest.mark.slow
def test_a_model_is_exported_and_downloaded(open_page, folders, jobs):
    run = make_run(folders[0], "a", dataset=make_dataset(folders[1], per_class=2), weights=True)
    app = open_page("evaluation", run="a")
    app.selectbox(key="export_format").select("TorchScript").run()
    button(app, "Export it").click().run()
    [job] = jobs.list()
    assert ended(job).state == "finished", job.log()
    assert sorted(path.name for path in job.result.iterdir()) == ["README.md", "model.pt"]
    assert job.result.is_relative_to(jobs.folder)
    app = open_page("evaluation", run="a")
    assert "Download" not in [one.label for one in app.download_button]  # of ONNX, the first format
    app.selectbox(key="export_format").select("TorchScript").run()
    assert "Download" in [one.label for one in app.download_button]
    os.utime(run.path / "model.safetensors")  # as a training that went on leaves it
    assert "Download" not in [one.label for one in app.run().download_button]


@pytest.mark.slow
def test_what_is_missing_of_an_evaluation_is_offered(open_page, folders, jobs):
    make_run(folders[0], "a", dataset=make_dataset(folders[1], per_class=2), weights=True, splits=("test",))
    app = open_page("evaluation", run="a")
    missing = ["PrivateTest, averaged with their mirror images", "PublicTest, as they are"]
    assert app.selectbox(key="missing").options[:2] == missing
    app.selectbox(key="missing").select_index(1).run()
    button(app, "Evaluate it").click().run()
    [job] = jobs.list()
    assert {"--split=val", "--tta=none"} <= set(job.info["arguments"])


def test_what_failed_is_told_where_the_same_is_offered_and_nowhere_else(open_page, folders, jobs):
    make_run(folders[0], "a", dataset=make_dataset(folders[1], per_class=2), weights=True, splits=("test",))
    arguments = build("evaluate", jobs.roots, "a", {"split": "val", "tta": "none"})
    info = {"script": "/x/evaluate.py", "arguments": arguments, "title": "Evaluate a", "alone": True, "writes": "a"}
    job = create_job(jobs.folder, new_id(), info)
    with subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({LONG})"]) as process:
        job.keep_process(process.pid)
        app = open_page("evaluation", run="a")
        assert "Stop" in [one.label for one in app.button]  # it has to end before
        process.kill()
    job.mark("exit", code=1)
    assert "failed with exit code 1" not in words(app.run())
    assert "Evaluate a failed with exit code 1" in words(app.selectbox(key="missing").select_index(1).run())


def test_a_run_begins_another_with_its_settings(open_page, folders, caplog, monkeypatch):
    monkeypatch.setattr("streamlit.elements.lib.policies._shown_default_value_warning", False)  # which comes once
    run = make_run(folders[0], "a", dataset=make_dataset(folders[1], per_class=2), recipe="report-cnn")
    config = load_recipe("report-cnn").override(epochs=7, dense=(16,)).to_dict()
    update_run(run, config=config)
    app = open_page("training", runs="a")
    app.button(key="again_a").click().run()
    assert app.selectbox(key="new_run_base").value == "like a"
    assert "created with a default value" not in caplog.text
    assert "recipe `report-cnn` with `epochs` 7, `dense` 16." in words(app)
    # Of a plain recipe nothing of it is left.
    app.selectbox(key="new_run_base").select("report-cnn").run()
    assert "recipe `report-cnn`, unchanged." in words(app)
    assert "parameters, 20 epochs at most." in words(app)


@pytest.mark.slow
def test_the_cost_is_measured_by_a_job(open_page, folders, jobs):
    make_dataset(folders[1], per_class=8)
    app = open_page("training", show="New run")
    for name, value in {"batch_size": "16", "first_filters": "8", "dense": "8", "conv_layers": "2"}.items():
        app.text_input(key=f"new_run_report-cnn_{name}").set_value(value)
    app.run()
    button(app, "Measure its cost first").click().run()
    [job] = jobs.list()
    assert ended(job).state == "finished", job.log()
    assert "million parameters. Measured here on 3 steps:" in words(app.run()).replace("\\", "")
    app.text_input(key="new_run_report-cnn_dense").set_value("16").run()
    assert "Measured here" not in words(app)  # that was another network


@pytest.mark.slow
def test_a_new_run_stores_only_what_differs(open_page, folders, jobs):
    make_dataset(folders[1], per_class=8)
    app = open_page("training", show="New run")
    app.text_input(key="new_run_name").set_value("mine")
    settings = {"epochs": "1", "batch_size": "32", "first_filters": "8", "dense": "8", "conv_layers": "2"}
    for name, value in settings.items():
        app.text_input(key=f"new_run_report-cnn_{name}").set_value(value)
    app.run()
    assert "**`mine`**: recipe `report-cnn` with `epochs` 1, `batch_size` 32" in words(app)
    app.text_input(key="new_run_report-cnn_epochs").set_value("0").run()
    assert "received 0" in app.error[0].value
    app.text_input(key="new_run_report-cnn_epochs").set_value("1").run()
    button(app, "Start training").click().run()
    [job] = jobs.list()
    assert {"--recipe=report-cnn", "--name=mine", "--epochs=1"} <= set(job.info["arguments"])
    assert not any("learning-rate" in argument for argument in job.info["arguments"])
    assert ended(job).state == "finished", job.log()
    app = open_page("training", runs="mine")
    assert "is best after epoch 1 of 1" in words(app)


@pytest.mark.slow
def test_a_data_set_is_brought_from_a_path(open_page, folders, jobs, tmp_path, monkeypatch):
    from tests.factories.data import make_records, png

    source = tmp_path / "home" / "pictures"
    for record in make_records(per_class=1):
        split, emotion, number = record.id.split("/")
        (source / split / emotion).mkdir(parents=True, exist_ok=True)
        (source / split / emotion / f"{number}.png").write_bytes(png(record.pixels))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    make_run(folders[0], "a")
    app = open_page("dataset")
    app.segmented_control(key="bring_from").set_value("A path on this machine").run()
    app.text_input(key="bring_path").set_value("/etc/hostname").run()
    button(app, "Prepare it").click().run()
    assert "outside the folders that jobs may read" in app.error[0].value
    app.text_input(key="bring_path").set_value(str(source)).run()
    button(app, "Prepare it").click().run()
    [job] = jobs.list()
    assert ended(job).state == "finished", job.log()
    assert "Counted in" in words(open_page("dataset"))
