"""A run of several runs on every page, and a network whose branches fold away."""

import shutil

import pytest
import torch

from fercore.data.transforms import Preprocess
from fercore.models.plain import PlainConfig
from fercore.models.registry import build, save_model
from fercore.runs import open_run, update_run
from fercore.training.ensemble import make_ensemble
from tests.dashboard.conftest import PAGES, words
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folders of runs and of a small data set: two runs and their ensemble."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("built")
    dataset = make_dataset(folder / "data", per_class=2)
    for seed, name in enumerate("ab"):
        make_run(folder / "runs", name, dataset=dataset, seed=seed, weights=True)
    make_ensemble(folder / "runs", "together", ["a", "b"])
    return folder / "runs", folder / "data"


@pytest.fixture
def together(built, folders):
    """The ensemble in folders of the test's own."""
    for made, own in zip(built, folders, strict=True):
        shutil.copytree(made, own)
    return open_run(folders[0] / "together")


@pytest.mark.rest_slow
@pytest.mark.parametrize("page", PAGES)
def test_every_page_works_on_it(open_page, together, page):
    app = open_page(page, run=together.name, runs=["together", "a"])
    words(app)  # no exception
    assert [error.value for error in app.error] == []


def test_it_is_ranked_by_its_accuracy_on_publictest(open_page, together):
    value = together.metrics("val")["accuracy"]["value"]
    assert together.info["best"]["value"] == value
    assert "together" in open_page().dataframe[0].value["run"].tolist()


@pytest.mark.slow
def test_pages_open_with_a_single_model_however_good_it_is(open_page, together):
    update_run(together, best=together.info["best"] | {"value": 0.99})
    assert open_page().dataframe[0].value["run"].tolist()[0] == "together"
    for page in ("evaluation", "features"):
        assert open_page(page).selectbox(key="run_widget").value in "ab", page
    assert open_page("training").multiselect(key="runs_widget").value[0] in "ab"
    app = open_page("predict")
    assert {app.selectbox(key="first").value, app.selectbox(key="second").value} == {"a", "b"}


def test_it_is_explained_as_a_whole_and_without_layers(open_page, together):
    app = open_page("explain", runs=["together"])
    assert "`together` says" in words(app)
    assert app.selectbox(key="method").value == "occlusion"  # the first method that suits it
    assert "Occlusion for" in words(app)
    assert "does not suit" not in words(app)
    assert open_page("explain", runs=["a"]).selectbox(key="method").value == "hires-cam"
    assert open_page("features", run="together").selectbox(key="layer").options == ["output"]


def test_a_network_that_folds_is_shown_as_it_answers(open_page, folders):
    run = make_run(folders[0], "folding")
    config = PlainConfig(widths=(8, 16), convolutions=(2, 1))
    save_model(run.path, "plain", config, build("plain", config).state_dict(), Preprocess())
    app = open_page("features", run="folding")
    assert app.selectbox(key="layer").options == ["convolution 1", "convolution 2", "convolution 3", "output"]
    words(app)
