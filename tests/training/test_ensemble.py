import runpy
from pathlib import Path

import numpy as np
import pytest

from fercore.evaluation.contamination import contamination
from fercore.evaluation.metrics import report
from fercore.models.registry import load
from fercore.runs import RunError, update_run
from fercore.training.distillation import open_teacher
from fercore.training.ensemble import make_ensemble
from fercore.training.evaluate import evaluate_run
from tests.factories.runs import make_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path, dataset):
    for seed, name in enumerate("ab"):
        run = make_run(tmp_path, name, dataset=dataset, seed=seed, weights=True)
        for split in ("val", "test"):
            evaluate_run(run, dataset, split)
    return tmp_path


def test_stored_answers_are_averaged_and_measured(root, dataset):
    a, b = (make_run(root, name, dataset=dataset, seed=seed, weights=True) for seed, name in ((2, "c"), (3, "d")))
    whole = make_ensemble(root, "whole", ["c", "d"], command="typed")
    for split in ("val", "test"):
        first, second = a.predictions(split), b.predictions(split)
        stored = whole.predictions(split)
        np.testing.assert_allclose(stored.probabilities, (first.probabilities + second.probabilities) / 2, rtol=1e-6)
        expected = report(stored.label, stored.probabilities, split=split, split_name=dataset.split_name(split))
        assert whole.metrics(split)["accuracy"] == expected["accuracy"]
    assert (whole.status, whole.info["command"], whole.members) == ("finished", "typed", ("c", "d"))
    value = whole.metrics("val")["accuracy"]["value"]
    assert whole.info["best"] == {"epoch": None, "metric": "val_accuracy", "value": value}
    assert whole.info["parameters"] == 2 * 123_456


def test_its_members_weights_answer_what_is_stored(root, dataset):
    whole = make_ensemble(root, "whole", ["a", "b"])
    before = whole.predictions("test")
    evaluate_run(whole, dataset, "test")
    np.testing.assert_allclose(whole.predictions("test").probabilities, before.probabilities, atol=1e-6)
    evaluate_run(whole, dataset, "test", "flip")
    assert ("test", "flip") in whole.evaluations()


def test_it_may_teach_and_inherits_what_its_members_saw(root, dataset):
    whole = make_ensemble(root, "whole", ["a", "b"])
    assert [contamination(whole, split) for split in ("train", "val", "test")] == ["includes Training", None, None]
    teacher = open_teacher("whole", dataset, root)
    assert teacher.record["weights_sha256"] == whole.weights_sha256()
    for name, learned in (("seen", {"splits": ["train", "test"], "pretraining": "X"}), ("odd", None)):
        update_run(make_run(root, name, dataset=dataset, weights=True), trained_on=learned)
    seen = make_ensemble(root, "with-seen", ["a", "seen"])
    assert contamination(seen, "test") == "includes PrivateTest"
    assert seen.info["trained_on"]["pretraining"] == "X"
    assert contamination(make_ensemble(root, "with-odd", ["a", "odd"]), "test") == "unknown"
    with pytest.raises(RunError, match="may not teach"):
        open_teacher("with-seen", dataset, root)


def test_members_that_cannot_be_averaged_are_refused_and_nothing_is_left(root, dataset):
    make_run(root, "bare", dataset=dataset)
    make_run(root, "stopped", dataset=dataset, weights=True, status="stopped")
    make_run(root, "unmeasured", dataset=dataset, weights=True, splits=("val",))
    make_run(root, "elsewhere", weights=True)
    make_ensemble(root, "whole", ["a", "b"])
    for members, words in {
        ("a",): "received the members a; expected 2 to 32 different runs",
        ("a", "a"): "received the members a, a",
        ("a", "bare"): "bare is without weights",
        ("a", "stopped"): "stopped is stopped",
        ("a", "unmeasured"): "unmeasured has no metrics for test; run: python scripts/evaluate.py unmeasured",
        ("a", "elsewhere"): "elsewhere was measured on the data set ffff",
        ("a", "whole"): "whole is an ensemble itself; name its members instead: a b",
        ("a", "gone"): "there is no run folder",
    }.items():
        with pytest.raises(RunError, match=words):
            make_ensemble(root, "new", members)
    assert not (root / "new").exists()


def test_the_script_says_what_is_gained(root, capsys):
    main = runpy.run_path(str(ROOT / "scripts" / "ensemble.py"))["main"]
    main(["whole", "a", "b", "--runs", str(root)])
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said[:4]] == ["accuracy", "a", "b", "whole"]
    assert said[4].startswith("On PublicTest that is ")
    assert load(make_ensemble(root, "again", ["a", "b"])).preprocess.mean == 0
