"""Where a run fails: figures from its files, and nothing where there are none."""

from fercore.evaluation.elsewhere import place
from fercore.evaluation.robustness import BASELINE, robustness_file
from fercore.evaluation.weak_points import WeakPoints, weak_points
from fercore.runs import Predictions
from fercore.training.evaluate import keep_predictions
from tests.factories.data import make_dataset
from tests.factories.robustness import keep_counts
from tests.factories.runs import make_run
from tests.factories.votes import make_judged_run


def test_of_a_run_without_files_nothing_is_known(tmp_path):
    assert weak_points(make_run(tmp_path, "a", splits=())) == WeakPoints()


def test_disturbances_and_the_baseline_beside_it(tmp_path):
    run = make_run(tmp_path, "a")
    keep_counts(run, wrong=lambda kind, strength: 10 + (9 if kind == "blur" else 4) * strength)
    assert weak_points(run).kind["kind"] == "blur"
    assert weak_points(run).corruption is None
    keep_counts(make_run(tmp_path, BASELINE), wrong=lambda kind, strength: 2 * (10 + 4 * strength))
    assert 0.5 < weak_points(run).corruption["value"] < 0.6
    robustness_file(run, "test").write_bytes(b"half")
    assert weak_points(run).kind is None


def test_the_weakest_slice_is_the_slices_page_s(tmp_path):
    found = weak_points(make_judged_run(tmp_path, n=280))
    assert found.slice is None or found.slice["p_holm"] < 0.05


def test_other_data_with_the_most_images(tmp_path):
    run = make_run(tmp_path / "runs", "a")
    for name, per_class in (("small", 1), ("large", 2)):
        data = make_dataset(tmp_path / name, per_class=per_class)
        rows = data.indices("test")
        answers = Predictions(data.ids[rows], data.labels[rows], run.predictions("test").probabilities[: len(rows)])
        keep_predictions(place(run, data), data, "test", answers)
    away = weak_points(run).away
    assert (away["name"], away["n"]) == ("large", 14)
    assert 0 <= away["accuracy"]["low"] <= away["accuracy"]["value"] <= away["accuracy"]["high"] <= 1
