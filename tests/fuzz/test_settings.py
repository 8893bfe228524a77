"""Study files, plans and recipes with something in them changed: each is read, or refused in words."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fercore.fields import ConfigError
from fercore.training.config import RECIPES, from_dict, load_recipe, recipe_names
from fercore.training.plan import PLANS, load_plan
from fercore.training.study import STUDIES, load_study, parse_study, study_names
from tests.fuzz.damage import attempts, changed_bytes, changed_entries, fuzzed

READERS = {"study": (STUDIES, load_study), "recipe": (RECIPES, load_recipe), "plan": (PLANS, load_plan)}
FILES = [
    (kind, path.name) for kind, (folder, _) in READERS.items() for path in folder.iterdir() if ".toml" in path.name
]
VALUES = [
    "nan",
    "-inf",
    "1e308",
    "-1",
    "0",
    "9" * 400,
    "9223372036854775808",
    "true",
    '""',
    '"x"',
    '"../up"',
    '"\\u0000"',
]
VALUES += ["[]", "{}", "[[]]", "[1, 2]", '["a", "a"]', "{a = {b = []}}", "1979-05-27", "07:32:00", "[" * 40 + "]" * 40]
attempt = attempts(ConfigError)


@pytest.mark.parametrize("name", study_names())
@fuzzed(20)
@given(data=st.data())
def test_any_entry_of_a_study_may_be_anything(name, data):
    content = tomllib.loads((STUDIES / f"{name}.toml").read_text())
    study = attempt(parse_study, data.draw(changed_entries(content)), name, "the file")
    assert study is None or study.points


@pytest.mark.parametrize("name", recipe_names())
@fuzzed(10)
@given(data=st.data())
def test_any_entry_of_a_run_s_config_may_be_anything(name, data):
    config = attempt(from_dict, data.draw(changed_entries(load_recipe(name).to_dict())), "run.json")
    assert config is None or from_dict(config.to_dict(), "itself") == config


@pytest.mark.parametrize(("kind", "name"), FILES)
@fuzzed(10)
@given(data=st.data())
def test_a_file_may_have_other_bytes_or_values(tmp_path, kind, name, data):
    folder, read = READERS[kind]
    text = (folder / name).read_text()
    if data.draw(st.booleans()):
        content = data.draw(changed_bytes(text.encode()))
    else:
        value = data.draw(
            st.sampled_from([found.span(1) for found in re.finditer(r"^\w+ = (.+)$", text, re.MULTILINE)])
        )
        content = (text[: value[0]] + data.draw(st.sampled_from(VALUES)) + text[value[1] :]).encode()
    (tmp_path / name).write_bytes(content)
    attempt(read, str(tmp_path / name))
