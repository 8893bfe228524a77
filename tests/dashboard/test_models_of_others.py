"""A model that others trained, in dima806's form, on every page: shown, measured and explained as our own are."""

import shutil

import numpy as np
import pytest
import torch

from fercore.models.add import add_model
from fercore.runs import open_run
from fercore.training.evaluate import evaluate_run
from tests.dashboard.conftest import PAGES, headline, words
from tests.factories.data import make_dataset
from tests.factories.hub import make_hub_folder
from tests.factories.runs import make_run


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """Its folder, as it came."""
    return make_hub_folder(tmp_path_factory.mktemp("hub") / "theirs")


@pytest.fixture(scope="module")
def evaluated(theirs, tmp_path_factory):
    """Folders of runs and of a small data set: its run, evaluated on both splits."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("evaluated")
    dataset = make_dataset(folder / "data", per_class=2)
    run = add_model(str(theirs), folder / "runs")
    for split in ("val", "test"):
        evaluate_run(run, dataset, split)
    return folder / "runs", folder / "data"


@pytest.fixture
def added(evaluated, folders):
    """Its run in folders of the test's own."""
    for built, own in zip(evaluated, folders, strict=True):
        shutil.copytree(built, own, symlinks=True)  # the weights are a link to theirs
    return open_run(folders[0] / "theirs")


@pytest.mark.rest_slow
@pytest.mark.parametrize("page", PAGES)
def test_every_page_works_on_it(open_page, added, page):
    app = open_page(page, run=added.name)
    words(app)  # no exception
    assert [error.value for error in app.error] == []
    assert app.title[0].value


@pytest.mark.parametrize("page", PAGES)
def test_every_page_works_before_it_is_measured_and_without_pictures(open_page, folders, theirs, page):
    add_model(str(theirs), folders[0])
    app = open_page(page, run="theirs")
    words(app)
    assert [error.value for error in app.error] == []


def test_its_figures_are_those_of_its_predictions_and_marked(open_page, added):
    app = open_page("evaluation", run=added.name, split="test")
    stored = added.predictions("test")
    right = np.mean(stored.predicted == stored.label)
    assert headline(app).startswith(f"#### `theirs` has accuracy {100 * right:.1f} % on PrivateTest")
    assert "training data unknown" in headline(app)
    assert "was trained by others; how is not recorded here" in words(open_page("training", runs=[added.name]))


@pytest.mark.slow
def test_it_is_compared_with_our_own_but_ranked_with_nobody(open_page, folders, tmp_path):
    torch.set_num_threads(1)
    dataset = make_dataset(folders[1], per_class=2)
    make_run(folders[0], "own", dataset=dataset, accuracy=0.5)
    folder = make_hub_folder(tmp_path / "theirs")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    run = add_model(str(folder), folders[0])
    evaluate_run(run, dataset, "test")
    app = open_page("compare", runs=["theirs", "own"], first="own", second="theirs")
    assert "`own` has accuracy 50.0 %" in words(app)
    ranked, apart = (table.value for table in app.dataframe if table.value.columns[0] == "What")
    assert ranked.columns.tolist() == ["What", "own"]
    theirs = apart.set_index("What")["theirs"]
    assert theirs["Accuracy"].endswith("⚠ perhaps contaminated")
    assert theirs["Licence"] == "apache-2.0"
    assert theirs["Weights"] == f"{(folder / 'model.safetensors').stat().st_size / 1e6:.1f} MB"  # the link's target
    own, answers = (found.predictions("test") for found in (open_run(folders[0] / "own"), run))
    only = (own.predicted == own.label) & (answers.predicted != own.label)
    assert f"{only.sum()} images, drawn at random" in words(app)
    app.button(key="others_speed").click().run()
    apart = next(table.value for table in app.dataframe if "theirs" in table.value.columns)
    assert apart.set_index("What").loc["One face", "theirs"].endswith(" ms")


def test_it_is_explained_by_its_attention(open_page, added):
    app = open_page("explain", run=added.name)
    assert "`theirs` says" in words(app)
    methods = next(box for box in app.selectbox if box.label == "Method").options
    assert any("ttention" in name for name in methods)


def test_without_pictures_the_dataset_page_says_that_it_has_no_record(open_page, folders, theirs):
    add_model(str(theirs), folders[0])
    text = words(open_page("dataset", run="theirs"))
    assert "`theirs` was trained by others and has no record of its data." in text
    assert f"python scripts/prepare_data.py path/to/archive.zip --out {folders[1]}" in text
