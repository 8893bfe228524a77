"""Dataset: with the pictures, without them, and with nothing at all."""

import json
from pathlib import Path

import pytest

from fercore.data.dataset import Dataset
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.prepare import prepare
from fercore.data.records import Source
from tests.dashboard.conftest import words
from tests.factories.data import make_dataset, make_records
from tests.factories.runs import make_run


@pytest.fixture
def uneven(folders: tuple[Path, Path]) -> Dataset:
    """A data set of 4 faces of each emotion in each split, but only one of disgust in Training."""
    records = make_records(per_class=4)
    dropped = {f"train/disgust/{number}" for number in (1, 2, 3)}
    kept = [record for record in records if record.id not in dropped]
    source = Source("synthetic", "factory", OFFICIAL_SPLIT_NAMES, lambda on_bad: iter(kept), total=len(kept))
    return prepare(source, folders[1])


def images(app) -> int:
    return len(app.get("image"))


def test_with_the_pictures_everything_is_there(open_page, uneven):
    app = open_page("dataset")
    text = words(app)
    assert "Angry has **4.0 times the images of disgust** in Training: 4 against 1." in text
    assert [header.value for header in app.subheader] == [
        "The average face of each emotion",
        "Random faces",
        "What augmentation does",
    ]
    assert images(app) == 7 + 7 + 8
    assert app.dataframe[0].value.loc["disgust"].to_dict() == {"Training": 1, "PublicTest": 4, "PrivateTest": 4}
    assert app.download_button[0].label == "Download the counts"


@pytest.mark.slow
def test_show_others_and_one_emotion_change_the_gallery(open_page, folders):
    make_dataset(folders[1], per_class=9)
    app = open_page("dataset")

    def gallery(app) -> list[str]:
        return [image.value[0] for image in app.get("image")[7:14]]

    first = gallery(app)
    assert gallery(app.run()) == first
    app.button(key="others_gallery").click().run()
    assert not set(first) & set(gallery(app))  # 4 of 9 faces each; the seeds draw different ones
    app.selectbox[0].set_value("happy").run()
    assert images(app) == 7 + 1 + 8
    happy = gallery(app)[0]
    app.segmented_control[-1].set_value("test").run()
    assert gallery(app)[0] != happy
    assert not app.exception


def test_without_the_pictures_the_run_folder_is_enough(open_page, folders, tmp_path):
    run = make_run(folders[0], "a", dataset=make_dataset(tmp_path / "elsewhere", per_class=2))
    app = open_page("dataset")
    text = words(app)
    assert "Each emotion has about 2 images in Training." in text
    assert "As `a` recorded its data when it was trained." in text
    assert images(app) == 7 + 8  # averages, and augmentation of one of them
    assert "On the left the average face, since there is no picture, as it is" in text
    assert f"python scripts/prepare_data.py path/to/archive.zip --out {folders[1]}" in text
    assert app.query_params["run"] == run.name


def test_with_nothing_it_says_what_to_run(open_page, folders):
    app = open_page("dataset")
    assert "needs the pictures of FER2013" in app.info[0].value
    assert "(https://www.kaggle.com/datasets/msambare/fer2013)" in app.info[0].value
    assert [code.value for code in app.code] == [
        f"python scripts/prepare_data.py path/to/archive.zip --out {folders[1]}"
    ]
    assert images(app) == 0


@pytest.mark.parametrize("counts", [None, [1], {"train": {"angry": 1}}, {"train": "*x*", "val": {}, "test": {}}])
def test_hostile_counts_are_a_message(open_page, folders, counts):
    run = make_run(folders[0], "a")
    info = json.loads((run.path / "run.json").read_text())
    info["dataset"]["counts"] = counts
    (run.path / "run.json").write_text(json.dumps(info))
    app = open_page("dataset")
    assert app.error[0].value.startswith("class counts")
    assert not app.exception
