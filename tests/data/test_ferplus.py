"""FER+ votes: the rules by which they become an answer, and how they find their images, or are refused."""

import numpy as np
import pytest

from fercore.data import ferplus
from fercore.data.dataset import DataError
from fercore.data.ferplus import ANSWERS, doubtful_labels, join_votes, majority, plurality, read_votes, shares
from fercore.data.prepare import prepare
from fercore.data.sources import open_source
from fercore.emotions import EMOTIONS
from tests.factories.data import make_dataset, make_records, write_csv
from tests.factories.votes import counted

HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
USAGE = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}


@pytest.fixture
def dataset(tmp_path):
    """Rows 1 to 7 are Training, angry to neutral, and so on."""
    with open_source(write_csv(tmp_path / "fer2013.csv", make_records(per_class=1))) as source:
        return prepare(source, tmp_path / "data")


def write_votes(path, dataset, votes=None, usage=USAGE):
    """Ten votes for neutral on each image but those given: row, counted from 1 -> ten numbers in the file's order."""
    lines = [HEADER]
    for number, split in enumerate(dataset.splits.tolist(), 1):
        own = (votes or {}).get(number, [10] + [0] * 9)
        lines.append(f"{usage[split]},fer{number - 1:07}.png,{','.join(map(str, own))}")
    path.write_text("\n".join(lines) + "\n")
    return path


VOTES = counted(
    {"happy": 10},
    {"angry": 5, "sad": 5},  # a tie, and no more than half
    {"fear": 5, "angry": 1, "sad": 1, "happy": 1, "disgust": 1, "surprise": 1},  # five single votes are dropped
    {"fear": 4, "sad": 3, "neutral": 2, "contempt": 1},  # most, but 4 of 9 is not more than half
    {"unknown": 6, "sad": 4},
    {"no_face": 10},
    dict.fromkeys(ANSWERS, 1),  # ten people, ten answers: nothing is left
    {},
)
NOBODY = "none"


def named(found):
    return [*ANSWERS, NOBODY][found] if np.ndim(found) == 0 else [[*ANSWERS, NOBODY][code] for code in found]


def test_majority_is_more_than_half_of_what_outliers_leave():
    expected = ["happy", NOBODY, "fear", NOBODY, "unknown", "no_face", NOBODY, NOBODY]
    assert named(majority(VOTES)) == expected


def test_plurality_counts_every_vote_and_leaves_ties_undecided():
    expected = ["happy", NOBODY, "fear", "fear", "unknown", "no_face", NOBODY, NOBODY]
    assert named(plurality(VOTES)) == expected


def test_shares_are_of_expressions_without_outliers():
    found = shares(VOTES)
    assert found.shape == (8, 8)
    by_name = [{ANSWERS[code]: row[code] for code in np.flatnonzero(row)} for row in found]
    assert by_name == [
        {"happy": 1.0},
        {"angry": 0.5, "sad": 0.5},
        {"fear": 1.0},
        {"fear": 4 / 9, "sad": 3 / 9, "neutral": 2 / 9},
        {"sad": 1.0},
        {},
        {},
        {},
    ]


def test_single_votes_alone_are_outliers():
    assert ferplus.without_outliers(counted({"happy": 2, "sad": 1})).tolist() == counted({"happy": 2}).tolist()


def test_doubted_labels_are_those_that_most_people_do_not_share():
    labels = ["sad", "sad", "fear", "angry", "sad", "happy", "happy", "happy"]
    found = doubtful_labels(np.array(list("abcdefgh")), labels, VOTES)
    assert found["id"].tolist() == ["a", "f", "e", "d"]  # most agreed first; b is a tie, c is as labelled
    assert found["suggested"].tolist() == ["happy", "no_face", "unknown", "fear"]
    assert found["confidence"].tolist() == [1.0, 1.0, 0.6, 0.4]


def test_a_file_of_the_authors_is_read_into_our_order(dataset, tmp_path):
    # In the file: neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown, NF.
    votes = read_votes(write_votes(tmp_path / "votes.csv", dataset, {2: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}))
    joined = join_votes(dataset, votes)
    assert joined.shape == (21, 10)
    assert dict(zip(ANSWERS, joined[1].tolist(), strict=True)) == {
        **{"neutral": 1, "happy": 2, "surprise": 3, "sad": 4, "angry": 5, "disgust": 6, "fear": 7},
        **{"contempt": 8, "unknown": 9, "no_face": 10},
    }
    assert joined[0].tolist() == counted({"neutral": 10})[0].tolist()


def test_votes_on_other_images_are_refused(dataset, tmp_path):
    moved = write_votes(tmp_path / "votes.csv", dataset, usage=USAGE | {"test": "PublicTest"})
    with pytest.raises(DataError, match="row_15 is of PrivateTest here and PublicTest there"):
        join_votes(dataset, read_votes(moved))
    short = tmp_path / "short.csv"
    short.write_text("\n".join(moved.read_text().splitlines()[:8]) + "\n")
    with pytest.raises(DataError, match="row_8 is of PublicTest here and nowhere there"):
        join_votes(dataset, read_votes(short))
    pictures = make_dataset(tmp_path / "pictures", per_class=1)
    with pytest.raises(DataError, match=r"whose ids do not tell the rows of fer2013\.csv"):
        join_votes(pictures, read_votes(moved))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("contempt", "scorn", "contempt"),
        (",10,0", ",ten,0", "ten"),
        (",10,0", ",-1,0", "below 0"),
        ("Public", "", "Test"),
    ],
)
def test_a_file_that_is_no_votes_is_refused(dataset, tmp_path, old, new, message):
    file = write_votes(tmp_path / "votes.csv", dataset)
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=rf"votes\.csv.*{message}.*FERPlus"):
        read_votes(file)


def test_the_votes_that_come_with_the_project_are_found_by_id():
    assert len(ferplus.shipped_votes().rows) == 35_712
    ids = ["train/fear/Training_49732659", "row_6", "mine/1.png"]
    assert ferplus.csv_rows(ids).tolist() == [5, -1, -1]
    # Row 5 of fer2013new.csv; a row of any table and an image of the user's own have none.
    expected = {"fear": 1, "sad": 1, "neutral": 6, "contempt": 1, "unknown": 1}
    assert ferplus.votes_on(ids).tolist() == counted(expected, {}, {}).tolist()
    assert ferplus.votes_on(ids[1:]) is None


def test_people_saw_identical_pictures_once():
    votes = ferplus.shipped_votes()
    with np.load(ferplus.SHIPPED) as file:
        counts = file["votes"]  # as FER+ has them, not yet averaged over identical pictures
    assert (votes.groups != votes.rows).sum() == 1_269
    assert (votes.counts == counts).all()


def test_votes_on_identical_pictures_are_averaged(dataset, tmp_path):
    # Rows 31 and 19,216 of fer2013.csv are the same picture; here the file says different things of it.
    lines = [HEADER] + [f"Training,fer{row:07}.png,0,10,0,0,0,0,0,0,0,0" for row in range(19_216)]
    lines[31] = lines[31].replace(",0,10,", ",10,0,")
    (tmp_path / "votes.csv").write_text("\n".join(lines) + "\n")
    votes = read_votes(tmp_path / "votes.csv")
    assert votes.at(np.array([30, 19_215])).tolist() == counted(*[{"neutral": 5, "happy": 5}] * 2).tolist()
    assert votes.at(np.array([29])).tolist() == counted({"happy": 10}).tolist()


def test_the_notice_of_the_votes_travels_with_them():
    notice = ferplus.SHIPPED.with_name("FERPLUS-LICENSE.txt").read_text()
    assert "Copyright (c) Microsoft Corporation" in notice
    assert "MIT License" in notice
    assert ferplus.SHIPPED.stat().st_size <= 500_000


def test_new_labels_are_proposed_where_eight_of_ten_agree():
    labels = ["sad", "sad", "sad", "sad"]
    votes = counted({"happy": 8, "sad": 2}, {"happy": 7, "sad": 3}, {"no_face": 9, "sad": 1}, {"contempt": 10})
    doubts = doubtful_labels(np.array(list("abcd")), labels, votes)
    assert ferplus.proposed_labels(doubts, EMOTIONS) == {"a": "happy"}
    assert ferplus.proposed_labels(doubts, ferplus.EXPRESSIONS, 0.7) == {"d": "contempt", "a": "happy", "b": "happy"}
