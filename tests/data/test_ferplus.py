"""FER+ votes: joined by row, or refused."""

import pytest

from fercore.data.fer2013 import DataError
from fercore.data.ferplus import disagreements, join_votes, read_votes
from fercore.data.prepare import prepare
from fercore.data.sources import open_source
from tests.factories.data import make_dataset, make_records, write_csv

HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
USAGE = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}


@pytest.fixture
def dataset(tmp_path):
    """Rows 1 to 7 are Training, angry to neutral, and so on."""
    with open_source(write_csv(tmp_path / "fer2013.csv", make_records(per_class=1))) as source:
        return prepare(source, tmp_path / "data")


def write_votes(path, dataset, votes=None, usage=USAGE):
    """Ten votes for neutral on each image but those given: row, counted from 1 -> ten numbers."""
    lines = [HEADER]
    for number, split in enumerate(dataset.splits.tolist(), 1):
        own = (votes or {}).get(number, [10] + [0] * 9)
        lines.append(f"{usage[split]},fer{number - 1:07}.png,{','.join(map(str, own))}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_majorities_ties_and_other_answers(dataset, tmp_path):
    votes = {
        1: [1, 0, 0, 0, 8, 0, 1, 0, 0, 0],  # angry, as labelled
        2: [0, 0, 0, 0, 5, 5, 0, 0, 0, 0],  # a tie
        3: [0, 0, 6, 0, 0, 0, 4, 0, 0, 0],  # labelled fear, surprise for most
        4: [0, 0, 0, 0, 0, 0, 0, 0, 1, 9],  # no face
        5: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],  # nobody voted
    }
    joined = join_votes(dataset, read_votes(write_votes(tmp_path / "votes.csv", dataset, votes)))
    assert joined["suggested"].tolist()[:7] == ["angry", "", "surprise", "NF", "", "neutral", "neutral"]
    assert joined["confidence"].tolist()[:7] == [0.8, 0.5, 0.6, 0.9, 0, 1, 1]
    found = disagreements(joined)
    assert found["id"].tolist()[-2:] == ["row_4", "row_3"]
    assert found.iloc[-1][["label", "suggested", "confidence"]].tolist() == ["fear", "surprise", 0.6]
    # Of the 21 images three are neutral, and 1, 2 and 5 have no other majority; all others are doubted.
    assert len(found) == 21 - 3 - 3


def test_pictures_do_not_tell_their_row(tmp_path):
    pictures = make_dataset(tmp_path / "pictures", per_class=1)
    votes = read_votes(write_votes(tmp_path / "votes.csv", pictures))
    with pytest.raises(DataError, match=r"whose ids do not tell the rows of fer2013\.csv"):
        join_votes(pictures, votes)


def test_votes_on_other_images_are_refused(dataset, tmp_path):
    moved = write_votes(tmp_path / "votes.csv", dataset, usage=USAGE | {"test": "PublicTest"})
    with pytest.raises(DataError, match="row_15 is of PrivateTest here and PublicTest there"):
        join_votes(dataset, read_votes(moved))
    short = tmp_path / "short.csv"
    short.write_text("\n".join(moved.read_text().splitlines()[:8]) + "\n")
    with pytest.raises(DataError, match="row_8 is of PublicTest here and nan there"):
        join_votes(dataset, read_votes(short))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("contempt", "scorn", "contempt"), (",10,0", ",ten,0", "ten"), (",10,0", ",-1,0", "below 0")],
)
def test_a_file_that_is_no_votes_is_refused(dataset, tmp_path, old, new, message):
    file = write_votes(tmp_path / "votes.csv", dataset)
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=rf"votes\.csv.*{message}.*FERPlus"):
        read_votes(file)
