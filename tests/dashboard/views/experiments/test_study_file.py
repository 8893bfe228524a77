"""What is suggested for a new study, and how typed values are read."""

import pytest

from fercore.fields import ConfigError
from fercore.training.config import load_recipe


@pytest.fixture
def study_file(folders):
    from views.experiments import study_file

    return study_file


@pytest.fixture
def config():
    return load_recipe("report-cnn")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["dropout_conv"], "0.1\n0.2\n0.4"),
        (["kernel_size"], "1\n3"),  # 6 is even, which the model refuses
        (["horizontal_flip"], "0\n0.1\n0.2"),  # nothing to halve or double
        (["batch_norm"], "false\ntrue"),
        (["optimizer"], "sgd\nadamw\nmuon"),
        (["dense"], "256 128\n512 256"),
        (["dropout_conv", "dropout_dense"], "0.1, 0.1\n0.2, 0.2\n0.4, 0.4"),
    ],
)
def test_suggestions_surround_the_present_value_and_can_be_trained(study_file, config, names, expected):
    known = study_file.varied_fields(config)
    fields = [known[name] for name in names]
    assert study_file.suggestion(config, fields) == expected
    assert len(study_file.read_values(expected, fields)) == len(expected.splitlines())


def test_the_seed_is_no_field_to_vary(study_file, config):
    assert set(config.field_names()) - set(study_file.varied_fields(config)) == {"seed"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("batch_norm", "True", True),
        ("dense", "64  32", [64, 32]),
        ("rotation", "1e1", 10.0),
        ("schedule", "cosine", "cosine"),
    ],
)
def test_values_are_read_as_their_field_wants_them(study_file, config, name, text, value):
    assert study_file.read_value(text, study_file.varied_fields(config)[name]) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("batch_norm", "yes", "values of batch_norm: received 'yes', expected true or false"),
        ("dense", "64, 32", "values: received '64, 32', expected one point a line: dense"),
        ("epochs", "1.5", "values of epochs: received '1.5', expected a whole number"),
    ],
)
def test_what_does_not_fit_is_named(study_file, config, name, text, message):
    with pytest.raises(ConfigError, match=message):
        study_file.read_values(text, [study_file.varied_fields(config)[name]])
