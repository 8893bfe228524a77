"""The button that saves a run's report: on the Evaluation page, made when it is pressed, of what is here."""

import io
import zipfile

import pytest

from fercore.data.copies import Copies
from fercore.runs import write_json
from tests.factories.runs import make_run


def test_the_evaluation_page_offers_a_report(open_page, folders):
    make_run(folders[0], "a")
    labels = [button.proto.label for button in open_page("evaluation").get("download_button")]
    assert "Download a report of this run" in labels


@pytest.fixture
def saved(folders, monkeypatch):
    """`saved(run)`: name and content of the file that the button saves."""
    from widgets import downloads

    made = []
    monkeypatch.setattr(downloads, "download", lambda label, make, name, mime: made.append((name, make)))

    def save(run):
        downloads.download_report(run)
        name, make = made.pop()
        return name, make()

    return save


@pytest.mark.slow
def test_it_is_named_after_the_run_and_knows_the_copies_of_the_data_set_here(folders, saved):
    run = make_run(folders[0], "a", n=70)
    ids = run.predictions("test").id[:14].tolist()
    (folders[1] / "audit").mkdir(parents=True)
    copies = Copies("f" * 64, {"exact": {"test": ids, "val": []}, "near": {"test": [], "val": []}}, {})
    write_json(folders[1] / "audit" / "copies.json", copies.to_json())
    name, html = saved(run)
    assert name == "a.html"
    assert "Without the 14 images of which training has a copy it is " in html


def test_a_folder_becomes_a_zip_without_what_its_links_lead_to(tmp_path, monkeypatch):
    from widgets import downloads

    (tmp_path / "secret").write_text("secret")
    (tmp_path / "made" / "sub").mkdir(parents=True)
    (tmp_path / "made" / "sub" / "model.onnx").write_bytes(b"weights")
    (tmp_path / "made" / "link").symlink_to(tmp_path / "secret")
    made = []
    monkeypatch.setattr(downloads, "download", lambda label, make, name, mime: made.append((name, make())))
    downloads.download_folder("Download", tmp_path / "made", "a-onnx")
    [(name, content)] = made
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert name == "a-onnx.zip"
        assert {entry: archive.read(entry) for entry in archive.namelist()} == {"a-onnx/sub/model.onnx": b"weights"}
