"""Which two models stand side by side, and what they are called."""

from pathlib import Path

import pytest

from fercore.runs import open_run, update_run
from tests.factories.runs import make_run


def defaults(runs):
    from widgets.model_pair import default_pair, labels

    pair = [run for run in default_pair(list(runs)) if run]
    return [run.name for run in pair], labels(pair)


def test_the_best_cnn_and_the_best_vit_are_asked_first(folders):
    made = [
        make_run(folders[0], name, accuracy=accuracy, weights=kind)
        for name, accuracy, kind in [("a", 0.5, "cnn"), ("b", 0.6, "cnn"), ("c", 0.4, "vit"), ("d", 0.3, "vit")]
    ]
    assert defaults(made) == (["b", "c"], ["CNN", "ViT"])
    assert defaults(made[:2]) == (["b", "a"], ["CNN 1", "CNN 2"])
    assert defaults(made[2:]) == (["c", "d"], ["ViT 1", "ViT 2"])
    assert defaults(made[:1]) == (["a"], ["CNN"])


def test_a_model_that_learned_from_the_data_it_is_measured_on_comes_last(folders):
    make_run(folders[0], "seen", accuracy=0.9, weights=True)
    clean = make_run(folders[0], "clean", accuracy=0.5, weights=True)
    seen = open_run(folders[0] / "seen")
    update_run(seen, trained_on=seen.info["trained_on"] | {"splits": ["train", "val"]})
    assert defaults([open_run(seen.path), clean])[0] == ["clean", "seen"]


def test_who_says_what_most_people_say_comes_before_who_says_the_labels(folders, monkeypatch):
    import widgets.model_pair

    made = [make_run(folders[0], name, accuracy=accuracy, weights=True) for name, accuracy in [("a", 0.8), ("b", 0.4)]]
    assert defaults(made)[0] == ["a", "b"]
    merits = {"a": 0.7, "b": 0.9}
    monkeypatch.setattr(widgets.model_pair, "people_merit", lambda run: merits[run.name])
    assert defaults(made)[0] == ["b", "a"]


def test_the_score_of_people_is_known_of_shipped_runs_alone(folders):
    from widgets.model_pair import people_merit

    assert people_merit(make_run(folders[0], "a")) == 0.0
    assert people_merit(make_run(folders[0], "b", splits=())) == 0.0
    shipped = open_run(Path(__file__).resolve().parents[3] / "runs" / "reference-best")
    assert people_merit(shipped) == pytest.approx(shipped.metrics("val")["people"]["model"]["value"])


@pytest.mark.parametrize(
    ("known", "expected"),
    [("seresnet", "SE-ResNet"), ("swinv2", "swinv2"), ("[x](https://y)" * 9, "xhttpsyxhttp"), ("*", "model")],
)
def test_an_unknown_architecture_is_called_what_its_letters_say(folders, known, expected):
    from widgets.model_pair import labels

    made = make_run(folders[0], "a")
    made.info["config"]["model"]["type"] = known
    assert labels([made]) == [expected]
