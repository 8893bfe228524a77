"""Home: the best run in a sentence, all runs in a table, the report beside ours."""

import json

import pandas as pd
import pytest

from fercore.charts.style import RUN_COLORS
from fercore.runs import update_run
from fercore.training.config import load_recipe
from tests.dashboard.conftest import charts, links, words
from tests.factories.copies import make_copies
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


def test_without_runs_and_data_it_says_what_to_run(open_page, folders):
    app = open_page()
    assert [code.value for code in app.code] == [
        f"python scripts/train.py --recipe report-cnn --runs {folders[0]} --data {folders[1]}",
        f"python scripts/prepare_data.py path/to/archive.zip --out {folders[1]}",
    ]
    assert "61.7 % (60.1 to 63.3)" in app.dataframe[0].value["report"].tolist()
    assert app.dataframe[0].value["run"].tolist() == ["none yet"] * 4
    assert "Art. 5(1)(f)" in words(app)


def test_the_sentence_names_the_run_chosen_in_validation_and_its_test_figure(open_page, folders):
    make_run(folders[0], "worse", accuracy=0.5)
    make_run(folders[0], "better", accuracy=0.6, n=70)
    text = words(open_page())
    expected = "`better`, chosen by its accuracy on PublicTest, has accuracy **60.0 %** on PrivateTest (95 % interval"
    assert expected in text


def test_a_best_run_without_test_figures_names_the_command(open_page, folders):
    make_run(folders[0], "new", splits=("val",))
    assert f"`python scripts/evaluate.py new --runs {folders[0]} --data {folders[1]}`" in words(open_page())


def test_the_table_sorts_by_numbers_and_can_be_downloaded(open_page, folders):
    make_run(folders[0], "a", accuracy=0.6, epochs=3)
    make_run(folders[0], "b", accuracy=0.7, status="stopped", splits=("val",))
    app = open_page()
    table = app.dataframe[0].value.set_index("run")
    assert table.index.tolist() == ["a", "b"]
    assert table.loc["a", ["test", "val", "minutes"]].tolist() == pytest.approx([60, 60, 3 * 12.5 / 60])
    assert table.loc["a", "test_interval"] == "48.3 to 70.7"
    assert pd.isna(table.loc["b", "test"])
    assert (table.loc["a", "parameters"], table.loc["b", "status"]) == (123456, "stopped")
    assert [button.label for button in app.download_button] == ["Download the runs", "Download the comparison"]


def test_our_repetition_of_the_reports_model_stands_beside_it(open_page, folders):
    run = make_run(folders[0], "ours", recipe="report-cnn", accuracy=0.6)
    app = open_page()
    assert app.dataframe[1].value["run"].tolist()[0] == "none yet"  # the recipe's name on another model
    update_run(run, config=load_recipe("report-cnn").to_dict())
    row = app.run().dataframe[1].value.iloc[0]
    assert row[["run", "val", "test"]].tolist() == ["ours", "60.0 % (48.3 to 70.7)", "60.0 % (48.3 to 70.7)"]


def test_hostile_text_and_unreadable_folders(open_page, folders):
    run = make_run(folders[0], "a")
    info = json.loads((run.path / "run.json").read_text())
    info["config"] = {"recipe": ["x"], "model": "[a](http://b)"}
    info["parameters"], info["created"] = "<b>many</b>", "**never**"
    info["dataset"]["split_names"] = {"val": "*Public*", "test": 3}
    (run.path / "run.json").write_text(json.dumps(info))
    (folders[0] / "*broken*").mkdir()
    app = open_page()
    text = words(app)
    assert app.expander[0].label == "Folders that cannot be read as runs: 1"
    assert "- `*broken*`: " in text
    assert r"\*Public\*" in text
    assert json.loads(app.dataframe[0].proto.columns)["val"]["label"] == "*Public*"  # a table knows no markdown
    assert pd.isna(app.dataframe[0].value["parameters"].iloc[0])


def test_a_run_with_broken_metrics_is_left_out_with_a_warning(open_page, folders):
    make_run(folders[0], "good", accuracy=0.6)
    bad = make_run(folders[0], "bad", accuracy=0.7)
    (bad.path / "metrics_val.json").write_text('{"accuracy": {}, "confusion": []}')
    app = open_page()
    assert app.warning[0].value.startswith("`bad` is left out: ")
    assert app.dataframe[0].value["run"].tolist() == ["bad", "good"]


def test_the_data_set_is_counted_and_a_damaged_one_is_an_error(open_page, folders):
    dataset = make_dataset(folders[1], per_class=2)
    make_run(folders[0], "same", dataset=dataset)
    make_run(folders[0], "other")
    app = open_page()
    assert "14 in Training, 14 in PublicTest, 14 in PrivateTest. 1 of 2 runs" in words(app)
    (folders[1] / "index.csv").write_text("nothing")
    assert "damaged" in app.run().error[0].value


def test_parts_of_studies_are_counted_and_not_listed(open_page, folders):
    update_run(make_run(folders[0], "a-point", accuracy=0.9), study={"name": "s"})
    make_run(folders[0], "own", accuracy=0.5)
    app = open_page()
    assert app.dataframe[0].value["run"].tolist() == ["own"]
    assert "`own`, chosen by" in words(app)
    (link,) = [link for link in app.get("page_link") if "experiments" in link.proto.page]
    assert link.proto.label == "1 more in studies and cross-validations"


def test_runs_look_as_on_all_pages_whatever_is_not_listed(open_page, folders):
    update_run(make_run(folders[0], "a-point"), study={"name": "s"})
    make_run(folders[0], "own")
    (chart,) = charts(open_page())
    scale = {"domain": ["own"], "range": [RUN_COLORS[0]]}
    assert scale in [part["encoding"].get("color", {}).get("scale") for part in chart["layer"]]


def test_the_clean_score_stands_everywhere_with_both_numbers_of_images(open_page, folders):
    run = make_run(folders[0], "ours", accuracy=0.6)
    update_run(run, config=load_recipe("report-cnn").to_dict())
    found = run.predictions("test")
    make_copies(folders[1], run, exact=found.id[found.predicted == found.label][:10].tolist())
    hint = "10 of the 70 images of PrivateTest (14.3 %) have a copy in training"
    assert hint in words(open_page(score="published"))
    app = open_page(score="clean")
    text = words(app)
    assert hint not in text
    # 32 of 60
    assert "has accuracy **53.3 %** on PrivateTest without the 10 images that have a copy" in text
    assert "have a copy in training: PrivateTest n = 60 of 70; PublicTest n = 70." in text
    assert app.dataframe[0].value["test"].tolist() == pytest.approx([100 * 32 / 60])
    assert app.dataframe[1].value["test"].tolist()[0] == "53.3 % (40.9 to 65.4)"
    (chart,) = charts(app)
    assert "PrivateTest without copies" in json.dumps(chart)


def test_a_best_run_without_a_clean_score_is_no_reason_to_measure_it_again(open_page, folders):
    make_run(folders[0], "a")
    other = make_run(folders[0], "b", accuracy=0.4)
    make_copies(folders[1], update_run(other, dataset={**other.info["dataset"], "fingerprint": "0" * 64}))
    text = words(open_page(score="clean"))
    assert "`a` is the best run by validation so far. Which test images have a copy is not known" in text
    assert "Without a clean score: `a`." in text
    assert "scripts/evaluate.py" not in text


def test_several_runs_lead_to_their_comparison(open_page, folders):
    make_run(folders[0], "a", accuracy=0.6)
    assert links(open_page(), "Do they differ by more than noise?") == []
    make_run(folders[0], "b", accuracy=0.5)
    assert links(open_page(), "Do they differ by more than noise?") == ["runs=a&runs=b"]
