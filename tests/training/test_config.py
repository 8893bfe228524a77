import pytest

from fercore.fields import ConfigError
from fercore.training.config import from_dict, load_recipe, recipe_names


def test_the_reports_recipe_is_its_final_model_without_augmentation():
    config = load_recipe("report-cnn")
    assert config.model.filters == (64, 128, 256, 512)
    assert (config.model.dense, config.model.dropout_conv, config.model.dropout_dense) == ((512, 256), 0.2, 0.2)
    assert set(config.to_dict()["augment"].values()) == {0.0}


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_survives_run_json(name):
    config = load_recipe(name)
    assert from_dict(config.to_dict(), "run.json") == config


def test_no_field_name_is_in_two_sections():
    for name in recipe_names():
        names = load_recipe(name).field_names()
        assert len(names) == len(set(names))


def test_override_finds_the_section_of_each_field():
    config = load_recipe("report-cnn").override(kernel_size=5, rotation=10.0, epochs=3, dense=[16])
    assert (config.model.kernel_size, config.augment.rotation, config.training.epochs) == (5, 10.0, 3)
    assert config.model.dense == (16,)
    with pytest.raises(ConfigError, match="unknown setting 'kernels' for a cnn model; known are activation"):
        config.override(kernels=5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[model]\ntype = 'cnn'\nkernel = 3",
            r"\[model\]: unknown setting 'kernel'; known are activation, kernel_size",
        ),
        ("[model]\ntype = 'rnn'", "model type: received 'rnn', expected one of cnn"),
        ("[model]\ntype = ['cnn']", r"model type: received \['cnn'\], expected one of cnn"),
        ("[model]\ntype = 'cnn'\n[training]\nepochs = 0", "--epochs: received 0, expected a number at least 1"),
        ("[model]\ntype = 'cnn'\n[trainin]\nepochs = 1", "unknown table 'trainin'"),
        ("model = 3", "'model' is 3, expected a table"),
        ("[model", "not readable TOML"),
    ],
)
def test_a_bad_recipe_file_is_refused(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_recipe(str(path))


def test_a_recipe_file_is_named_by_its_stem(tmp_path):
    (tmp_path / "mine.toml").write_text("description = 'x'\n[model]\ntype = 'cnn'\n")
    assert load_recipe(str(tmp_path / "mine.toml")).recipe == "mine"


def test_an_unknown_recipe_names_those_there_are():
    with pytest.raises(ConfigError, match=r"--recipe: received 'nothing', expected one of .*report-cnn"):
        load_recipe("nothing")
    with pytest.raises(
        ConfigError, match=r"--recipe: received 'x{5000}', expected one of"
    ):  # longer than names of files
        load_recipe("x" * 5000)


def test_the_compact_vit_is_taught_and_small():
    config = load_recipe("vit-compact")
    assert (config.model_type, config.model.tokens, config.training.teacher) == ("vit", 37, "reference-best")
    assert config.override(distillation=0.0, guidance=0.0).training.distillation == 0
    assert config.override(patch_size=6).model.tokens == 65
