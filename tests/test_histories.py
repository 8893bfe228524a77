"""history.csv: what is read, and how fast the rest is refused."""

import time

import pytest

from fercore.histories import HISTORY_COLUMNS, read_history
from fercore.run_files import RunError

HEADER = ",".join(HISTORY_COLUMNS)
ROW = "1,1.5,0.4,1.4,0.45,0.4,0.01,60"


def write(tmp_path, *lines):
    path = tmp_path / "history.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_a_table_is_read_with_columns_of_its_own(tmp_path):
    table = read_history(write(tmp_path, HEADER + ",memory", ROW + ",7", "2" + ROW[1:] + ",8"))
    assert (table["epoch"].tolist(), table["memory"].tolist()) == ([1, 2], [7, 8])
    assert table["val_accuracy"].tolist() == [0.45, 0.45]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([HEADER + ",x" * 19_993, ROW + ",1" * 19_993], "20,001 columns and 1 lines, expected at most 100 and 10,000"),
        ([HEADER, *[ROW] * 10_001], "8 columns and 10,001 lines"),
        ([HEADER, "0" + ROW[1:]], "an epoch is no whole number from 1 to 10,000"),
        ([HEADER, "1.5" + ROW[1:]], "an epoch is no whole number"),
        ([HEADER, "1e300" + ROW[1:]], "an epoch is no whole number"),
        ([HEADER, ROW[1:]], "an epoch is no whole number"),
        ([HEADER, "1" + "0" * 400 + ROW[1:]], "not a readable table"),
        ([HEADER, ROW.replace("1.5", "1" + "0" * 400)], "not a readable table"),
        ([HEADER, ROW.replace("60", "True")], "not a readable table .seconds holds no numbers"),
    ],
    ids=["columns", "lines", "epoch 0", "epoch 1.5", "epoch 1e300", "no epoch", "epoch 10^400", "loss 10^400", "truth"],
)
def test_what_no_training_writes_is_refused_at_once(tmp_path, lines, reason):
    path, started = write(tmp_path, *lines), time.process_time()
    with pytest.raises(RunError, match=f"history.csv: .*{reason}"):
        read_history(path)
    assert time.process_time() - started < 3  # of processor time: 23 s before there was a limit on columns
