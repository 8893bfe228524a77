import pytest

from fercore.evaluation.contamination import contamination
from fercore.runs import update_run
from tests.factories.runs import make_run

CLEAN = {"splits": ["train"], "teacher": None}


@pytest.mark.parametrize(
    ("trained_on", "found"),
    [
        (CLEAN, None),
        ({"splits": []}, None),
        ({"splits": ["train", "val", "test"]}, "includes PrivateTest"),
        ({"splits": ["train", "val"]}, None),
        ({"splits": ["train"], "teacher": {"trained_on": {"splits": ["test"]}}}, "includes PrivateTest"),
        ({"splits": ["train"], "teacher": {"trained_on": CLEAN}}, None),
        ({"splits": ["train"], "teacher": {"name": "x"}}, "unknown"),
        ({"splits": ["train"], "teacher": {"trained_on": {"splits": None}}}, "unknown"),
        ({"splits": None, "teacher": {"trained_on": {"splits": ["test"]}}}, "includes PrivateTest"),
        ({"splits": ["train"], "teacher": "x"}, "unknown"),
        ({"splits": ["train"], "members": {"a": CLEAN, "b": CLEAN}}, None),
        ({"splits": ["train"], "members": {"a": CLEAN, "b": {"splits": ["test"]}}}, "includes PrivateTest"),
        ({"splits": ["train"], "members": {"a": CLEAN, "b": None}}, "unknown"),
        ({"splits": ["train"], "members": None}, "unknown"),
        ({"splits": ["train"], "pretraining": "ImageNet-1k"}, None),
        ({"splits": ["train"], "pretraining": "file mine.pth"}, "unknown"),
        ({"splits": ["train", "test"], "pretraining": "file mine.pth"}, "includes PrivateTest"),
        ({"splits": ["train"], "teacher": {"trained_on": CLEAN | {"pretraining": "file mine.pth"}}}, "unknown"),
        ({"splits": None}, "unknown"),
        ({"splits": ["everything"]}, "unknown"),
        ({"splits": "test"}, "unknown"),
        ({}, "unknown"),
        (None, "unknown"),
        ("train", "unknown"),
    ],
)
def test_what_speaks_against_figures_on_the_test_split(tmp_path, trained_on, found):
    run = update_run(make_run(tmp_path, splits=()), trained_on=trained_on)
    assert contamination(run, "test") == found


def test_the_train_split_is_clean_only_out_of_fold(tmp_path):
    run = make_run(tmp_path, splits=())
    assert contamination(run, "train") == "includes Training"
    assert contamination(update_run(run, kfold={"folds": 3}), "train") is None


def test_the_split_has_the_runs_own_name_where_it_has_one(tmp_path):
    run = update_run(make_run(tmp_path, splits=()), trained_on={"splits": ["val"]})
    assert contamination(run, "val") == "includes PublicTest"
    own = run.info["dataset"] | {"split_names": {"val": "my validation"}}
    assert contamination(update_run(run, dataset=own), "val") == "includes my validation"
    assert contamination(update_run(run, dataset={}), "val") == "includes PublicTest"
