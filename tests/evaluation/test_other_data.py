"""The table of runs against data sets: both readings, by hand."""

import numpy as np
import pytest

from fercore.evaluation.elsewhere import asked, place
from fercore.evaluation.other_data import matrix
from fercore.runs import Predictions
from fercore.training.evaluate import keep_predictions
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


def measure(run, dataset, rows):
    chosen = asked(run, dataset, dataset.indices("test"))
    given = np.array([[row.get(name, 0) for name in run.classes] for row in rows], np.float32)
    found = Predictions(dataset.ids[chosen.rows], chosen.labels, given)
    keep_predictions(place(run, dataset), dataset, "test", found, not_asked=chosen.not_asked)


def test_told_of_a_single_class_there_is_no_figure(tmp_path):
    run = make_run(tmp_path / "runs", "a", splits=())
    one = make_dataset(tmp_path / "one", per_class=2, classes=("happy", "contempt"))
    two = make_dataset(tmp_path / "two", per_class=1, classes=("happy", "sad"))
    measure(run, one, [{"happy": 1.0}, {"sad": 1.0}])
    measure(run, two, [{"angry": 0.6, "happy": 0.4}, {"angry": 0.6, "sad": 0.4}])
    free, problems = matrix([run], reading="free")
    assert free.set_index("data")["value"].to_dict() == {"one": 0.5, "two": 0.0}
    assert problems == {}
    told, problems = matrix([run], reading="told")
    assert told.set_index("data")["value"].to_dict() == {"two": 1.0}
    assert problems == {"a on one": "model and data share one class alone, and told of it every model says it"}


def test_a_run_at_home_has_one_reading(tmp_path):
    run = make_run(tmp_path, "a", n=70, accuracy=0.6)
    for reading in ("free", "told"):
        table, _ = matrix([run], reading=reading)
        assert table["value"].tolist() == pytest.approx([0.6])
