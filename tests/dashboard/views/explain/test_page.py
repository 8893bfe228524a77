"""The Explain page: what models say of a face, why, why not something else, and for whom a method does not work."""

import numpy as np
import pytest

from fercore.emotions import EMOTIONS
from fercore.explain.inputs import face_probabilities
from fercore.explain.methods import METHODS, heat_map
from fercore.explain.places import strongest_place
from fercore.models.registry import load
from tests.dashboard.conftest import headline, words
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

FEAR = EMOTIONS.index("fear")


@pytest.fixture
def run(folders):
    """A run with the weights of a tiny CNN and average faces, and no data set."""
    return make_run(folders[0], "a", weights=True)


@pytest.fixture
def vit(folders):
    """A run with the random weights of a tiny ViT."""
    return make_run(folders[0], "v", seed=1, weights="vit")


def said(run, emotion="angry", faces=None):
    """Emotions by what a run's model says to an average face, and their probabilities in words, most probable first.

    The average faces are the run's own, unless those of another are given.
    """
    probabilities = face_probabilities(load(run), (faces or run).average_faces()[EMOTIONS.index(emotion)])
    order = np.argsort(-probabilities)
    return [EMOTIONS[number] for number in order], [f"{100 * probabilities[number]:.1f} %" for number in order]


def captions(app):
    """Captions of the pictures of a page."""
    return [picture.caption for element in app.get("image") for picture in element.proto.imgs if picture.caption]


def test_it_opens_with_what_the_model_says_and_where_its_map_is_strongest(open_page, run):
    emotions, figures = said(run)
    place = strongest_place(heat_map(load(run), run.average_faces()[0], "hires-cam", EMOTIONS.index(emotions[0])))
    app = open_page("explain")
    assert headline(app) == (
        f"#### `a` says **{emotions[0]}**, {figures[0]}, then {emotions[1]}, {figures[1]}. The face is the average of "
        f"angry. HiResCAM for {emotions[0]} is strongest in {place.words} of the picture "
        f"({100 * place.share:.0f} % of what speaks for it)."
    )
    assert captions(app) == ["angry", f"for {emotions[0]}, {figures[0]}"]
    assert "(Draelos and Carin 2020" in words(app)
    assert "Adebayo et al. 2018" in words(app)


def test_another_face_is_another_answer(open_page, run):
    app = open_page("explain")
    app.segmented_control(key="face").set_value("happy").run()
    emotions, figures = said(run, "happy")
    assert f"says **{emotions[0]}**, {figures[0]}, then {emotions[1]}" in headline(app)


@pytest.mark.parametrize("method", ["grad-cam", "occlusion", "integrated-gradients"])
def test_each_method_explains_the_class_that_is_asked_about(open_page, run, method):
    app = open_page("explain")
    app.selectbox(key="method").set_value(method)
    app.selectbox(key="target").set_value("fear").run()
    emotions, figures = said(run)
    assert captions(app)[1] == f"for fear, {figures[emotions.index('fear')]}"
    place = strongest_place(heat_map(load(run), run.average_faces()[0], method, FEAR))
    assert f"{METHODS[method].name} for fear is strongest in {place.words} of the picture" in headline(app)
    assert METHODS[method].paper in words(app)


@pytest.mark.slow
def test_why_this_and_not_that(open_page, run):
    emotions, figures = said(run)
    app = open_page("explain")
    app.selectbox(key="against").set_value("the runner-up").run()
    first, second = emotions[:2]
    difference = f"more for {first} (blue), for {second} (orange)"
    assert captions(app) == [f"for {first}, {figures[0]}", f"for {second}, {figures[1]}", difference]
    app.selectbox(key="target").set_value("fear")
    app.selectbox(key="against").set_value("its label").run()
    assert [caption.split(",")[0] for caption in captions(app)] == ["for fear", "for angry", "more for fear (blue)"]
    app.selectbox(key="against").set_value("fear").run()  # a class is not compared with itself
    assert len(captions(app)) == 2
    assert "Both “Why” and “and not” are fear; choose another emotion to compare it with." in words(app)


def test_grad_cam_looks_at_the_layer_that_is_asked_for(open_page, run):
    app = open_page("explain")
    assert app.selectbox(key="cam_layer").options == ["the last one", "convolution 1", "convolution 2"]
    app.selectbox(key="method").set_value("grad-cam")
    app.selectbox(key="cam_layer").set_value("convolution 1").run()
    emotions, _ = said(run)
    heat = heat_map(load(run), run.average_faces()[0], "grad-cam", EMOTIONS.index(emotions[0]), "convolution 1")
    assert f"strongest in {strongest_place(heat).words} of the picture" in headline(app)


@pytest.mark.slow
def test_models_beside_each_other_and_what_does_not_suit_one_of_them(open_page, run, vit):
    app = open_page("explain", runs=["a", "v"])
    one, other = said(run), said(vit, faces=run)
    names = {"a": one, "v": other}
    assert headline(app).startswith(f"#### The models {'agree' if one[0][0] == other[0][0] else 'disagree'}: `a`")
    for name, (emotions, figures) in names.items():
        assert f"`{name}` says **{emotions[0]}**, {figures[0]}, then {emotions[1]}, {figures[1]}." in words(app)
    assert captions(app) == [f"for {emotions[0]}, {figures[0]}" for emotions, figures in names.values()]
    app.selectbox(key="method").set_value("rollout").run()
    assert "Attention rollout does not suit this model: it reads the attention of a ViT" in words(app)
    assert "Attention rollout is strongest in" in words(app)
    assert captions(app) == ["any class"]
    app.toggle(key="check").set_value(True).run()
    assert "`v`, Attention rollout\n" in words(app)
    assert [element.key for element in app.selectbox] == ["method"]  # rollout knows no classes and no layers


def test_a_layer_that_only_one_model_has(open_page, run, vit):
    app = open_page("explain", runs=["a", "v"])
    assert app.selectbox(key="cam_layer").options[1:] == ["convolution 1", "convolution 2", "block 1", "block 2"]
    app.selectbox(key="cam_layer").set_value("block 1").run()
    assert "HiResCAM does not suit this model: it has no block 1." in words(app)
    assert len(captions(app)) == 1


def test_the_heads_of_a_vit(open_page, run, vit):
    app = open_page("explain", runs=["v"])
    assert "What each attention head looks at" in words(app)
    assert app.select_slider(key="head_block").value == "block 2"
    app.select_slider(key="head_block").set_value("block 1").run()
    assert "`v`, block 1" in words(app)
    assert "attention head" not in words(open_page("explain", runs=["a"]))


def test_the_map_of_a_randomised_model_on_request(open_page, run):
    app = open_page("explain")
    assert "rank correlation" not in words(app)
    pictures = len(app.get("image"))
    app.toggle(key="check").set_value(True).run()
    assert "rank correlation" in words(app)
    assert len(app.get("image")) == pictures + 1


def test_a_view_comes_back_from_its_address(open_page, run):
    app = open_page("explain", method="Occlusion", target="sad", face="fear", opacity="40", check="true")
    assert "Occlusion for sad is strongest in" in headline(app)
    assert "The face is the average of fear." in headline(app)
    assert app.slider(key="opacity").value == 40
    assert app.toggle(key="check").value


def test_a_face_of_the_data_set_with_its_label(open_page, folders):
    dataset = make_dataset(folders[1], per_class=2)
    make_run(folders[0], "a", weights=True, dataset=dataset)
    app = open_page("explain")
    assert "The face is labelled angry." in headline(app)
    shown = captions(app)[0].replace("\\", "")
    assert shown in set(dataset.ids)
    assert dataset.labels[list(dataset.ids).index(shown)] == 0


def test_runs_without_weights_are_not_offered(open_page, folders, run):
    make_run(folders[0], "better", accuracy=0.9)
    app = open_page("explain")
    assert app.multiselect[0].options == ["a"]
    assert headline(app).startswith("#### `a` says")


def test_without_any_weights_it_says_what_to_run(open_page, folders):
    make_run(folders[0], "b")
    text = words(open_page("explain"))
    assert "No run here holds weights" in text
    assert "python scripts/train.py" in text


def test_without_any_run_it_says_what_to_run(open_page):
    assert "There is no run in" in words(open_page("explain"))


def test_damaged_weights_leave_the_other_models_standing(open_page, folders, run):
    broken = make_run(folders[0], "b", weights=True)
    (broken.path / "model.safetensors").write_bytes(b"no weights")
    app = open_page("explain", runs=["b", "a"])
    assert "the model cannot be loaded" in app.warning[0].value
    assert headline(app).startswith("#### `a` says")
    alone = open_page("explain", runs=["b"])
    assert "the model cannot be loaded" in words(alone)
    assert captions(alone) == []
