"""scripts/report.py as a user starts it."""

import pytest

from scripts import report as script
from tests.factories.runs import make_run


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "runs", "mine", epochs=0, splits=())
    return tmp_path


def test_a_report_lies_where_one_stands_or_where_one_says(runs, capsys):
    script.main(["mine"])
    assert "<h1>mine</h1>" in (runs / "mine.html").read_text("utf-8")
    script.main(["mine", "--out", "elsewhere.html", "--runs", "runs"])
    assert (runs / "elsewhere.html").is_file()
    assert "Report of mine: elsewhere.html" in capsys.readouterr().out


def test_an_unknown_run_is_an_error_in_words(runs, capsys):
    with pytest.raises(SystemExit, match="2"):
        script.main(["gone"])
    assert "there is no run 'gone' in" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_an_error_in_words(runs, capsys):
    with pytest.raises(SystemExit, match="2"):
        script.main(["mine", "--out", "nowhere/mine.html"])
    assert "No such file or directory" in capsys.readouterr().err
