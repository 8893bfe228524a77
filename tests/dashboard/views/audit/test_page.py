"""Audit: planted defects, deciding on them, and what is said without pictures or without an audit."""

import errno
import os

import pandas as pd
import pytest

from fercore.data.audit.files import TABLE, read_audit, write_audit
from fercore.data.audit.findings import with_doubts
from fercore.data.dataset import AUDIT, DECISIONS
from fercore.data.decisions import Decision, read_decisions
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.fer2013_ids import known
from fercore.data.ferplus import doubtful_labels, votes_on
from fercore.data.prepare import prepare
from fercore.data.records import Record, Source
from fercore.emotions import EMOTIONS
from tests.dashboard.conftest import charts, words
from tests.factories.data import make_dataset, make_records
from tests.factories.planted import make_audited_dataset
from tests.factories.studies import make_cross_validation


@pytest.fixture
def audited(folders):
    return make_audited_dataset(folders[1])


def decided(folders):
    return read_decisions(folders[1] / DECISIONS)


def pictures(app) -> int:
    return len(app.get("image"))


def choose(app, key, value):
    return app.segmented_control(key=key).set_value(value).run()


def test_the_answer_counts_what_is_planted(open_page, audited):
    app = open_page("audit")
    text = words(app)
    assert (
        "**1 of 45 test images (2.2 %) have an exact copy in Training**: 1 of PrivateTest and 0 of PublicTest" in text
    )
    assert "2 more have a near or mirrored one" in text
    groups = "2 groups of identical images (2 more than one of each), 1 with conflicting labels"
    assert f"{groups}, and 1 blank picture." in text
    assert charts(app)[0]["layer"][0]["encoding"]["x"]["axis"]["title"] == "Share of the split's images"


def test_groups_show_their_pictures(open_page, audited):
    app = open_page("audit")
    text = words(app)
    assert "**Group 1**: 2 exact copies in Training, **labels conflict**" in text
    assert "**Group 2**: 2 exact copies in Training and PrivateTest" in text
    assert pictures(app) == 4
    choose(app, "kind", "near copies")
    text = words(app)
    assert "**Group 1**: 2 near copies in Training and PublicTest" in text
    assert "r = 1.00, mirrored" in text
    app.selectbox(key="place").set_value("within").run()
    assert "No group of copies is like that." in words(app)


def test_a_choice_is_in_the_address(open_page, audited):
    app = open_page("audit", view="Copies", conflict="true")
    assert pictures(app) == 2
    assert "1 to 1 of 1 groups." in words(app)


@pytest.mark.slow
def test_a_decision_is_kept_in_a_file_and_can_be_taken_back(open_page, audited, folders):
    app = open_page("audit")
    app.selectbox(key="decision_train/conflict").set_value("→ angry").run()
    assert decided(folders) == {"train/conflict": Decision("relabel", "angry")}
    app.selectbox(key="decision_train/happy/0").set_value("drop").run()
    assert decided(folders)["train/happy/0"] == Decision("drop")
    again = open_page("audit")
    assert again.selectbox(key="decision_train/conflict").value == "→ angry"
    again.selectbox(key="decision_train/conflict").set_value("undecided").run()
    assert decided(folders) == {"train/happy/0": Decision("drop")}
    assert (audited.path / "images.npy").stat().st_mtime < (folders[1] / DECISIONS).stat().st_mtime


def test_a_decision_that_cannot_be_written_is_a_sentence(open_page, audited, folders, monkeypatch):
    app = open_page("audit")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("fercore.run_files.os.fsync", full)
    app.selectbox(key="decision_train/conflict").set_value("drop").run()
    assert "No space left on device" in app.error[0].value
    assert decided(folders) == {}


def test_where_others_reach_the_server_no_decision_is_kept(open_page, audited, folders, monkeypatch):
    monkeypatch.setattr("state.background_jobs.LOCAL", ())
    app = open_page("audit")
    app.selectbox(key="decision_train/conflict").set_value("drop").run()
    assert "streamlit run dashboard/Home.py -- --jobs" in app.warning[0].value
    assert decided(folders) == {}


def test_many_can_be_dropped_at_once_and_all_taken_back(open_page, audited, folders):
    app = choose(open_page("audit"), "view", "decisions")
    assert "So far: 0 to keep, 0 to drop, 0 to relabel." in words(app)
    assert "The command that trains with what you decided then stands here." in words(app)
    app.button(key="propose_copies whose labels conflict").click().run()
    assert decided(folders) == {"train/angry/0": Decision("drop"), "train/conflict": Decision("drop")}
    text = words(app)
    assert "2 to drop" in text
    file = folders[1] / DECISIONS
    assert f"python scripts/train.py --recipe report-cnn --exclude {file} --relabel {file}" in text
    assert app.button(key="propose_exact copies of another training image").disabled  # among them
    assert app.dataframe[0].value["id"].tolist() == ["train/angry/0", "train/conflict"]
    app.button(key="forget").click().run()
    assert decided(folders) == {}


def test_blank_pictures(open_page, audited):
    app = choose(open_page("audit"), "view", "odd")
    assert pictures(app) == 1
    assert "1 picture is blank." in words(app)
    assert "**sad**, Training  \n77 ± 0" in words(app)


@pytest.mark.slow
def test_doubtful_labels_with_and_without_pictures(open_page, audited, folders):
    make_cross_validation(folders[0], "folds", (0.5, 0.6), dataset=audited)
    app = choose(open_page("audit"), "view", "labels")
    text = words(app)
    assert "`folds` doubts **" in text
    assert "of 23 of Training" in text
    shown = pictures(app)
    assert shown > 0
    for file in audited.path.glob("*.*"):
        file.unlink()
    app = choose(open_page("audit"), "view", "labels")
    assert pictures(app) == 0
    assert len(app.dataframe[0].value) == shown
    assert "568 of 7,178 test images" in words(app)  # of FER2013, as shipped


def test_labels_that_ferplus_votes_doubt(open_page, audited):
    doubts = pd.DataFrame({"id": ["train/sad/1", "train/sad/2"], "suggested": ["NF", "fear"], "confidence": [0.9, 0.8]})
    write_audit(with_doubts(read_audit(audited.path / AUDIT), audited, doubts, "FER+ votes"), audited.path / AUDIT)
    app = choose(open_page("audit"), "view", "labels")
    assert "FER+ voters mostly disagree with **2 labels**" in words(app)
    assert "sad → **NF**  \n90 %" in words(app)
    app.selectbox(key="suggested").set_value("fear").run()
    assert pictures(app) == 1


def test_without_a_data_set_the_labels_that_most_people_do_not_share_are_listed(open_page, folders):
    app = choose(open_page("audit"), "view", "labels")
    text = words(app)
    assert "FER+ voters mostly disagree with **" in text
    found = doubtful_labels(known().ids, [EMOTIONS[label] for label in known().label], votes_on(known().ids))
    assert f"**{len(found):,} labels**" in text
    assert not [button for button in app.button if button.key == "relabel_votes"]


def test_labels_on_which_people_clearly_agree_are_proposed(open_page, folders):
    found = doubtful_labels(known().ids, [EMOTIONS[label] for label in known().label], votes_on(known().ids))
    clear = found[(found["confidence"] >= 0.9) & found["suggested"].isin(EMOTIONS)]
    train = clear[clear["id"].str.startswith("train")].iloc[0]
    test = clear[clear["id"].str.contains("PrivateTest")].iloc[0]
    names = ("train/fear/Training_49732659", train["id"], test["id"])  # of the first only six of ten say neutral
    pixels = [record.pixels for record in make_records(per_class=1)]
    records = [
        Record(name, EMOTIONS.index(name.split("/")[1]), name.split("/")[0], own)
        for name, own in zip(names, pixels, strict=False)
    ]
    prepare(Source("zip", "made", OFFICIAL_SPLIT_NAMES, lambda on_bad: iter(records)), folders[1])
    app = choose(open_page("audit"), "view", "labels")
    assert "FER+ voters mostly disagree with **3 labels**" in words(app)
    button = app.button(key="relabel_votes")
    assert button.label == "Relabel 1 images of Training as at least 80 % of the people say"
    button.click().run()
    assert decided(folders) == {train["id"]: Decision("relabel", train["suggested"])}
    assert app.button(key="relabel_votes").disabled


def test_doubtful_labels_need_a_cross_validation(open_page, audited):
    app = choose(open_page("audit"), "view", "labels")
    assert "python scripts/kfold.py --recipe report-cnn" in words(app)


def test_without_a_data_set_the_counts_of_fer2013_are_known(open_page, folders):
    app = open_page("audit")
    text = words(app)
    assert "**568 of 7,178 test images (7.9 %) have an exact copy in Training**: 288 of PrivateTest and 280 of" in text
    groups = "1,516 groups of identical images (1,853 more than one of each), 57 with conflicting labels"
    assert f"{groups}, and 12 blank pictures." in text
    assert f"python scripts/prepare_data.py path/to/archive.zip --out {folders[1]}" in text


def test_a_data_set_that_nobody_looked_through_says_what_to_run(open_page, folders):
    make_dataset(folders[1], per_class=1)
    app = open_page("audit")
    text = words(app)
    assert f"python scripts/audit.py --runs {folders[0]} --data {folders[1]}" in text
    assert "test images" not in text


def test_a_damaged_audit_is_a_message(open_page, audited):
    (audited.path / AUDIT / TABLE).write_text("x\n1\n")
    app = open_page("audit")
    assert "columns missing" in app.error[0].value
    assert not app.exception


def test_damaged_decisions_are_a_message_that_names_the_line(open_page, audited, folders):
    (folders[1] / DECISIONS).write_text("id,decision,label\na,burn,\n")
    app = open_page("audit")
    assert "line 2" in app.error[0].value
    assert not app.exception
