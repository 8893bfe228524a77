"""Study files: what they make, and what is refused before anything trains."""

import re
import tomllib

import pytest

from fercore.fields import ConfigError
from fercore.training.config import load_recipe
from fercore.training.study import load_study, parse_study, study_names, study_text
from fercore.training.sweep import plan_study

KERNELS = {"recipe": "report-cnn", "vary": ["kernel_size"], "values": [3, 5]}


def parse(**changes):
    return parse_study({**KERNELS, **changes}, "s", "s.toml")


def labels(study):
    return [point.label for point in study.points]


SHORT = {
    "augmentation": [(0, 0), (0.5, 0), (0, 10), (0, 20), (0, 30), (0.5, 10)],
    "dropout": [(0, 0), (0.1, 0.1), (0.2, 0.2), (0.3, 0.3), (0.5, 0.5)],
    "filters-layers": [(64, 4), (16, 2)],
    "kernel-size": [(3,), (5,), (7,)],
    "vit-guidance": [(0.9, 1.0), (0.9, 0.0), (0.0, 0.0)],
}
FULL = {
    "report-augmentation": [(), (0.5,), (10,), (20,), (30,), (0.5, 10), (0.2, 0.2)],
    "report-dropout": [(x, x) for x in (0, 0.1, 0.2, 0.3, 0.4, 0.5)],
    "report-filters-layers": SHORT["filters-layers"],
    "report-kernel-size": SHORT["kernel-size"],
}


def test_shipped_studies_are_those_of_the_report_and_one_of_our_own():
    studies = {name: load_study(name) for name in study_names()}
    varied = {name: [tuple(point.varied.values()) for point in study.points] for name, study in studies.items()}
    assert varied == SHORT | FULL
    assert all(study.description for study in studies.values())
    assert all({"epochs", "train_share"} <= studies[name].budget.keys() for name in SHORT)


def test_the_reports_studies_at_full_size_share_the_reports_model_as_their_centre():
    centres = {}
    for name in FULL:
        study = load_study(name)
        assert (study.budget, study.seeds) == ({"epochs": 20}, (0, 1, 2))
        centres[name] = [planned.name for planned in plan_study(study) if planned.shared]
        (centre,) = (point for point in study.points if study.is_centre(point))
        assert study.config(centre, 0) == load_recipe("report-cnn")
    assert set(map(tuple, centres.values())) == {tuple(f"study-report-centre-s{seed}" for seed in (0, 1, 2))}


def test_a_point_is_the_recipe_with_budget_values_and_seed():
    study = parse(vary=["first_filters", "conv_layers"], values=[[64, 4], [16, 2]], budget={"epochs": 3}, seeds=[7, 8])
    assert labels(study) == ["64-4", "16-2"]
    config = study.config(study.points[1], seed=8)
    assert (config.model.first_filters, config.model.conv_layers) == (16, 2)
    assert (config.training.epochs, config.training.seed, config.recipe) == (3, 8, "report-cnn")
    changed = {"first_filters": 16, "conv_layers": 2, "epochs": 3, "seed": 8}
    assert config == study.base.override(**changed)


def test_labels_are_made_from_values():
    assert labels(parse(vary=["dense"], values=[[512, 256], [64]])) == ["512x256", "64"]
    assert labels(parse(vary=["batch_norm"], values=[True, False])) == ["true", "false"]
    assert labels(parse(vary=["learning_rate"], values=[0.1, 0.010])) == ["0.1", "0.01"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"vary": ["kernel_size", "conv_layers", "rotation"], "values": [[3, 4, 10], [5, 4, 10]]},
            "3 fields are varied (kernel_size, conv_layers, rotation), expected one or two: "
            "\"it's crucial to vary only one or two variables at a time",
        ),
        ({"vary": ["kernel"]}, "unknown field 'kernel' for a cnn model; known are activation, kernel_size"),
        ({"budget": {"epoch": 3}}, "unknown field 'epoch' for a cnn model"),
        ({"values": [3, 4]}, "s.toml, point 4: --kernel-size: received 4, expected an odd number"),
        ({"values": [3, "5"]}, "s.toml, point 5: --kernel-size: received '5', expected int"),
        ({"budget": {"epochs": 0}}, "point 3: --epochs: received 0, expected a number at least 1"),
        ({"seeds": [-1]}, "point 3: --seed: received -1"),
        ({"seeds": [0, 0]}, "seeds is [0, 0], expected one or more different whole numbers"),
        ({"seeds": []}, "seeds is [], expected one or more different whole numbers"),
        ({"vary": ["seed"], "values": [1, 2]}, "seed is given by seeds = [...]"),
        ({"vary": []}, "vary is [], expected one field or two different ones"),
        ({"budget": {"kernel_size": 3}}, "'kernel_size' is varied and in the budget"),
        ({"recipe": "nothing"}, "s.toml: --recipe: received 'nothing', expected one of"),
        ({"epochs": 3}, "unknown entry 'epochs'; known are description, recipe"),
        ({"values": 3}, "values is 3, expected a list"),
        ({"vary": ["kernel_size", "rotation"]}, "values holds 3, expected a list of 2: kernel_size, rotation"),
        ({"values": [3, 3]}, "expected two or more different points, received ['3']"),
        ({"values": [3]}, "expected two or more different points, received ['3']"),
        ({"labels": ["a"]}, "1 labels for 2 values, expected one for each"),
        ({"labels": ["a", "b/c"]}, "the label 'b/c' will not do for a folder's name"),
        (
            {"vary": ["dense"], "values": [[8], [9], [8]]},
            "two or more different points, received ['8']",
        ),
        ({"values": [3, 5] * 100_000}, "200,000 runs (points times seeds), expected at most 10,000"),
        ({"seeds": list(range(5001))}, "10,002 runs (points times seeds), expected at most 10,000"),
        ({"values": [3, 10**400]}, "--kernel-size: received 1000"),
        ({"labels": ["a", "a"]}, "expected two or more different points, received ['a']"),
        (
            {"values": [1, 1.0], "vary": ["warmup"], "labels": ["a", "b"]},
            "two or more different points, received [{'warm",
        ),
        (
            {"shared": "centre", "values": [5, 7]},
            "shared is 'centre', but no point is the recipe with the budget alone",
        ),
        ({"shared": "a/b"}, "shared is 'a/b', expected a name of letters, digits"),
        ({"points": {"a": {}}}, "received points and vary; points say for themselves what they vary"),
    ],
)
def test_what_cannot_be_trained_is_refused(changes, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse(**changes)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ({"a": {}, "b": 3}, "point 'b' is 3, expected a table of what it varies"),
        ({"a": {}, "b": {}}, "expected two or more different points, received [{}]"),
        ({"a": {}, "b": {"hue": 0.1, "rotation": 9, "scale": 0.1}}, "3 fields are varied (hue, rotation, scale)"),
        ({"a": {}, "b": {"tilt": 3}}, "unknown field 'tilt' for a cnn model"),
        ({"a": {}, "b/c": {"hue": 0.1}}, "the label 'b/c' will not do for a folder's name"),
        ({"a": {}, "b": {"epochs": 3}}, "'epochs' is varied and in the budget"),
    ],
)
def test_points_that_cannot_be_trained_are_refused(points, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse_study({"recipe": "report-cnn", "points": points, "budget": {"epochs": 2}}, "s", "s.toml")


def test_points_may_differ_in_various_fields_and_the_one_that_changes_nothing_is_the_centre():
    points = {"none": {}, "flip": {"horizontal_flip": 0.5}, "same": {"horizontal_flip": 0.0, "rotation": 0.0}}
    study = parse_study({"recipe": "report-cnn", "points": points, "shared": "c"}, "s", "s.toml")
    assert labels(study) == ["none", "flip", "same"]
    assert [point.position for point in study.points] == [1, 2, 3]
    assert study.config(study.points[1], 4) == study.base.override(horizontal_flip=0.5, seed=4)
    assert [study.is_centre(point) for point in study.points] == [True, False, True]


def test_a_missing_entry_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"'values' is missing; a study needs recipe, vary, values"):
        parse_study({"recipe": "report-cnn", "vary": ["rotation"]}, "s", "s.toml")
    with pytest.raises(ConfigError, match=r"'recipe' is missing; a study needs recipe, points"):
        parse_study({"points": {}}, "s", "s.toml")
    with pytest.raises(ConfigError, match=r"study: received 'kernel', expected one of augmentation, dropout"):
        load_study("kernel")
    broken = tmp_path / "broken.toml"
    broken.write_text("vary = [")
    with pytest.raises(ConfigError, match=r"broken\.toml: not readable TOML"):
        load_study(str(broken))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("values = " + "[" * 100_000, "not readable TOML .nested too deep"),
        ("values = [1" + "0" * 400 + "]", "not readable TOML .a whole number that does not fit 64 bits"),
        ("values = [1" + "0" * 5000 + "]", "not readable TOML .Exceeds the limit"),
        ("values = [nan]", "not readable TOML .a number too large for a float, or none"),
        ("# " + " " * (4 << 20), "more than 4,194,304 bytes; expected a recipe or a study"),
    ],
    ids=["deep", "10^400", "10^5000", "nan", "huge"],
)
def test_a_file_that_would_break_its_readers_is_refused(tmp_path, text, reason):
    file = tmp_path / "odd.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=rf"odd\.toml: {reason}"):
        load_study(str(file))


def test_seeds_can_be_given_instead_of_the_files(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('recipe = "report-cnn"\nvary = ["kernel_size"]\nvalues = [3, 5]\nseeds = [4]\n')
    assert (load_study(str(file)).name, load_study(str(file)).seeds) == ("mine", (4,))
    assert load_study(str(file), [1, 2]).seeds == (1, 2)


def test_a_study_s_text_is_read_back_as_it_was():
    content = {
        "description": 'Depth "and" width \\ é',
        "recipe": "report-cnn",
        "vary": ["dense", "batch_norm"],
        "values": [[[512, 256], True], [[8], False]],
        "labels": ["deep", "flat"],
        "budget": {"learning_rate": 1e-05, "epochs": 2},
    }
    assert tomllib.loads(study_text(content)) == content
    assert parse_study(tomllib.loads(study_text(content)), "s", "s.toml") == parse_study(content, "s", "s.toml")
    assert study_text({"recipe": "a", "vary": [], "values": []}) == 'recipe = "a"\nvary = []\nvalues = []\n'


def test_fields_that_are_no_text_and_too_many_are_told_in_a_line():
    content = {"description": "x", "recipe": "report-cnn", "vary": ["\ud800"] * 1001, "values": [1], "budget": {}}
    with pytest.raises(ConfigError, match="1001 fields are varied") as told:
        parse_study(content, "x", "a file")
    assert len(str(told.value).encode()) < 400
