"""Only our scripts, only their known flags, only values that will do."""

from pathlib import Path

import pytest

from fercore.fields import ConfigError
from fercore.jobs import JobError, Roots
from fercore.jobs.commands import SCRIPTS, build, training_settings


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    for name in ("runs", "data", "home"):
        (tmp_path / name).mkdir()
    return Roots(tmp_path / "runs", tmp_path / "data", (tmp_path / "home",))


def test_flags_carry_their_values_and_the_subject_comes_last(roots: Roots):
    found = build("evaluate", roots, "mine", {"split": "val", "tta": "flip"})
    assert found == ["--split=val", "--tta=flip", f"--runs={roots.runs}", f"--data={roots.data}", "--", "mine"]


def test_a_switch_has_no_value(roots: Roots):
    assert build("export", roots, "mine", {"format": "onnx", "into-run": True})[:2] == ["--format=onnx", "--into-run"]


@pytest.mark.parametrize(
    ("script", "subject", "flags"),
    [
        ("rm", "mine", {}),
        ("../evaluate", "mine", {}),
        ("evaluate", "../mine", {}),
        ("evaluate", "-h", {}),
        ("evaluate", "", {}),
        ("evaluate", None, {"split": "test; rm -rf /"}),
        ("evaluate", "mine", {"runs": "/tmp"}),
        ("train", "mine", {}),
        ("train", None, {"name": "a b"}),
        ("train", None, {"recipe": "/etc/passwd.toml"}),
        ("kfold", None, {"folds": 1}),
        ("kfold", None, {"folds": True}),
        ("kfold", None, {"folds": float("nan")}),
        ("export", "mine", {"into-run": "yes"}),
        ("prepare_data", "/etc/passwd", {}),
        ("prepare_data", "missing\0.zip", {}),
        ("add_model", "owner/name/more", {}),
    ],
)
def test_what_is_not_listed_is_refused(roots: Roots, script: str, subject: str | None, flags: dict):
    with pytest.raises(JobError):
        build(script, roots, subject, flags)


def test_a_link_does_not_lead_out_of_the_allowed_folders(roots: Roots, tmp_path: Path):
    (tmp_path / "secret.zip").write_bytes(b"x")
    link = roots.readable[0] / "link.zip"
    link.symlink_to(tmp_path / "secret.zip")
    with pytest.raises(JobError, match="outside the folders"):
        build("prepare_data", roots, str(link))
    own = roots.readable[0] / "own.zip"
    own.write_bytes(b"x")
    assert build("prepare_data", roots, str(own)) == ["--", str(own)]


def test_settings_of_a_training_are_checked_as_the_script_checks_them():
    found = training_settings("report-cnn", {"epochs": 2, "batch_norm": False, "dense": [64, 32]})
    assert found == ["--epochs=2", "--no-batch-norm", "--dense", "64", "32"]
    with pytest.raises(ConfigError, match="--epochs"):
        training_settings("report-cnn", {"epochs": 0})
    with pytest.raises(ConfigError, match="unknown setting"):
        training_settings("report-cnn", {"epoch": 2})


def test_every_script_that_can_be_a_job_is_there():
    folder = Path(__file__).parents[2] / "scripts"
    assert [name for name in SCRIPTS if not (folder / f"{name}.py").is_file()] == []
