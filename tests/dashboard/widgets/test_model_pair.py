"""Which two models stand side by side, and what they are called."""

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


@pytest.mark.parametrize(
    ("known", "expected"),
    [("seresnet", "SE-ResNet"), ("swinv2", "swinv2"), ("[x](https://y)" * 9, "xhttpsyxhttp"), ("*", "model")],
)
def test_an_unknown_architecture_is_called_what_its_letters_say(folders, known, expected):
    from widgets.model_pair import labels

    made = make_run(folders[0], "a")
    made.info["config"]["model"]["type"] = known
    assert labels([made]) == [expected]
