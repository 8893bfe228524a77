"""scripts/robustness.py: what it prints and stores."""

import pytest

from fercore.evaluation.robustness import read_robustness, robustness_file
from scripts.robustness import main
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


@pytest.mark.slow
def test_it_prints_sentences_and_a_row_for_each_kind_and_stores_the_counts(tmp_path, capsys):
    dataset = make_dataset(tmp_path / "data", per_class=2)
    run = make_run(tmp_path / "runs", "a", dataset=dataset, weights=True)
    main(["a", "--images", "9", "--runs", str(tmp_path / "runs"), "--data", str(tmp_path / "data")])
    said = capsys.readouterr().out
    assert "on 9 images of PrivateTest drawn from 14" in said
    assert "Disturbance" in said
    assert "low resolution" in said
    assert f"Stored in {robustness_file(run, 'test')}" in said
    assert read_robustness(run, "test").n == 9
    main(["a", "--stored", "--runs", str(tmp_path / "runs"), "--data", str(tmp_path / "nowhere")])
    assert capsys.readouterr().out == said


def test_a_run_without_weights_is_refused_in_words(tmp_path, capsys):
    dataset = make_dataset(tmp_path / "data", per_class=1)
    make_run(tmp_path / "runs", "a", dataset=dataset)
    with pytest.raises(SystemExit):
        main(["a", "--runs", str(tmp_path / "runs"), "--data", str(tmp_path / "data")])
    assert "error:" in capsys.readouterr().err
