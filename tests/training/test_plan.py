"""Plan files: what they make, in which order, and what is refused."""

import re

import pytest

from fercore.fields import ConfigError
from fercore.training.plan import load_plan
from fercore.training.study import load_study

PLAN = """
[[train]]
name = "pupil"
recipe = "report-cnn"
changes = { teacher = "master", distillation = 0.5 }
seeds = [3, 4]

[[train]]
name = "master"
recipe = "report-cnn"
data = "other"
tta = true

[[ensemble]]
name = "both"
members = ["master", "pupil"]

[[kfold]]
name = "folds"
recipe = "report-cnn"
folds = 3
changes = { epochs = 4 }

[[study]]
study = "report-dropout"
seeds = [0, 1]

[[study]]
study = "report-kernel-size"
seeds = [0]
"""


def plan(tmp_path, text=PLAN):
    file = tmp_path / "p.toml"
    file.write_text(text)
    return load_plan(str(file))


def test_a_run_comes_after_those_that_it_needs(tmp_path):
    tasks = plan(tmp_path).tasks
    names = [task.name for task in tasks]
    assert names.index("master") < names.index("pupil") < names.index("both")
    assert {name for name in names if not name.startswith("study-")} == {
        "pupil",
        "pupil-s4",
        "master",
        "both",
        "folds",
    }


def test_tasks_are_what_the_file_says(tmp_path):
    read = plan(tmp_path)
    pupil, other = read.task("pupil"), read.task("pupil-s4")
    assert (pupil.config.training.seed, other.config.training.seed) == (3, 4)
    assert (pupil.needs, pupil.same_but_seed == other.same_but_seed) == (("master",), True)
    assert (read.task("master").data, read.task("master").tta) == ("other", True)
    assert read.task("folds").epochs == 12
    assert read.task("both").needs == ("master", "pupil")
    assert pupil.planned[0].noted(None) == {"plan": "p"}
    assert pupil.planned[0].command == f"python scripts/reproduce.py {tmp_path / 'p.toml'} --only pupil"


def test_the_centre_of_two_studies_is_one_task_of_both(tmp_path):
    tasks = {task.name: task for task in plan(tmp_path).tasks}
    centre = tasks["study-report-centre-s0"]
    assert set(centre.groups) == {"report-dropout", "report-kernel-size"}
    assert [run.identity["name"] for run in centre.planned] == list(centre.groups)
    assert tasks["study-report-centre-s1"].groups == ("report-dropout",)
    points = 2 * len(load_study("report-dropout").points) + len(load_study("report-kernel-size").points)
    assert sum(name.startswith("study-") for name in tasks) == points - 1
    assert centre.planned[0].noted(None)["plan"] == "p"


def test_what_is_asked_for_brings_along_what_it_needs(tmp_path):
    read = plan(tmp_path)
    assert [task.name for task in read.chosen(["both"])] == ["master", "pupil", "both"]
    assert {task.name for task in read.chosen(["pupil"])} == {"master", "pupil", "pupil-s4"}
    assert len(read.chosen(["report-kernel-size"])) == 3
    assert read.chosen([]) == read.tasks
    with pytest.raises(ConfigError, match="--only: received 'x', expected runs or studies of the plan p: both, folds"):
        read.chosen(["x"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "master"', "", "p.toml, train 2: 'name' is missing"),
        ("folds = 3", 'folds = "3"', "p.toml, kfold 1: folds is '3', expected a int"),
        ("folds = 3", "fold = 3", "p.toml, kfold 1: unknown entry 'fold'; known are name, recipe, folds, changes"),
        ("epochs = 4", "epoch = 4", "p.toml, kfold 1: unknown setting 'epoch'"),
        ("[[kfold]]", "[[folds]]", "unknown entry 'folds'; known are train, ensemble, kfold, study"),
        ('recipe = "report-cnn"\ndata', 'recipe = "x"\ndata', "p.toml, train 2: --recipe: received 'x'"),
        ('data = "other"', 'data = "../other"', "data is '../other', expected the name of a folder beside --data"),
        ('members = ["master", "pupil"]', 'members = ["master", "x"]', "both cannot be made, because no entry makes x"),
        ('name = "folds"', 'name = "master"', "two entries make a run named master, and not the same one"),
        ('name = "pupil"', 'name = "pu/pil"', "run name 'pu/pil' will not do"),
        (
            'data = "other"',
            'changes = { init_from = "pupil" }',
            "pupil, pupil-s4, master, both cannot be made, because they wait for each other",
        ),
    ],
)
def test_what_cannot_be_made_is_refused(tmp_path, old, new, message):
    assert old in PLAN
    with pytest.raises(ConfigError, match=re.escape(message)):
        plan(tmp_path, PLAN.replace(old, new, 1))
