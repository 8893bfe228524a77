"""Archives, tables and folders of data sets with something in them changed: each is read, or refused in words."""

import io
import json
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fercore.data.dataset import DataError, open_dataset
from fercore.data.sources import open_source
from tests.factories.data import make_dataset, make_records, tree_files, write_csv
from tests.factories.forms import affectnet, expw, parquet, rafdb_list
from tests.fuzz.damage import changed_bytes, changed_cells, changed_entries, fresh_copy, fuzzed, no_file

RECORDS = make_records(per_class=1)
FILES = tree_files(RECORDS, official=True)
CODES = {str(code): name for code, name in enumerate(("surprise", "fear", "disgust", "happy"), 1)}
NAMES = ("../up.png", "/etc/x.png", "a//b.png", "train/happy", "train\\happy\\1.png", "x" * 300, ".", "..")


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def tarred(files, mode="w:gz"):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


def read(path):
    """Read whatever is there; whatever is wrong with it is said in words."""
    bad = []
    try:
        with open_source(path) as source:
            for record in source.read(bad.append):
                assert 0 <= record.label < len(source.classes)
                record.id.encode()
    except DataError as error:
        bad.append(error)
    for error in bad:
        refused(error)


def refused(error):
    assert str(error)
    str(error).encode()  # as a page does


@pytest.mark.parametrize("pack", [zipped, tarred])
@fuzzed(30)
@given(data=st.data())
def test_an_archive_may_have_other_bytes(tmp_path, pack, data):
    (tmp_path / "given").write_bytes(data.draw(changed_bytes(pack(FILES))))
    read(tmp_path / "given")


@pytest.mark.parametrize("pack", [zipped, tarred])
@fuzzed(30)
@given(data=st.data())
def test_a_member_may_have_any_name_and_content(tmp_path, pack, data):
    files, name = dict(FILES), data.draw(st.sampled_from(sorted(FILES)))
    content = files.pop(name)
    texts = st.text(st.characters(codec="utf-8"), max_size=9).map("train/{}.png".format)
    other = data.draw(st.sampled_from(NAMES) | texts)
    files[other if data.draw(st.booleans()) else name] = data.draw(changed_bytes(content))
    (tmp_path / "given").write_bytes(pack(files))
    read(tmp_path / "given")


@fuzzed(30)
@given(data=st.data())
def test_a_member_of_a_tar_may_be_of_any_kind(tmp_path, data):
    with tarfile.open(tmp_path / "given", "w") as archive:
        for name, content in FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        odd = tarfile.TarInfo(data.draw(st.sampled_from([*sorted(FILES), *NAMES])) or "x")
        kinds = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE, b"x"[:1]]
        odd.type = data.draw(st.sampled_from(kinds))
        odd.linkname = data.draw(st.sampled_from([*sorted(FILES), "/etc/passwd", "../up", "", "train"]))
        archive.addfile(odd)
    read(tmp_path / "given")


@pytest.mark.parametrize("name", ["fer2013.csv", "icml_face_data.csv"])
@fuzzed(30)
@given(data=st.data())
def test_a_table_may_have_any_cell(tmp_path, name, data):
    text = write_csv(tmp_path / name, RECORDS).read_text()
    (tmp_path / name).write_text(data.draw(changed_cells(text)))
    read(tmp_path / name)


@pytest.mark.parametrize(
    "files", [rafdb_list(1, CODES), affectnet(1, CODES), expw(2, CODES)], ids=["rafdb", "affectnet", "expw"]
)
@fuzzed(20)
@given(data=st.data())
def test_any_file_of_other_forms_may_be_cut_or_have_other_bytes(tmp_path, files, data):
    name = data.draw(st.sampled_from(sorted(files)))
    changed = files | {name: data.draw(changed_bytes(files[name]))}
    (tmp_path / "given").write_bytes(zipped(changed, zipfile.ZIP_STORED))
    read(tmp_path / "given")


@fuzzed(30)
@given(data=st.data())
def test_a_parquet_file_may_have_other_bytes(tmp_path, data):
    file = tmp_path / "train.parquet"
    parquet(file, ["happy", "sad"], [0, 1, 1])
    file.write_bytes(data.draw(changed_bytes(file.read_bytes())))
    read(file)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("prepared") / "data", per_class=1).path


@pytest.mark.parametrize("name", ["dataset.json", "index.csv", "images.npy"])
@fuzzed(40)
@given(data=st.data())
def test_a_prepared_data_set_may_have_any_file_changed(prepared, tmp_path, name, data):
    file = fresh_copy(prepared, tmp_path / "data") / name
    way = data.draw(st.sampled_from(["bytes", "none", "content"]))
    if way == "none":
        no_file(data.draw, file)
    elif way == "content" and name == "index.csv":
        file.write_text(data.draw(changed_cells(file.read_text())))
    elif way == "content" and name == "dataset.json":
        file.write_text(json.dumps(data.draw(changed_entries(json.loads(file.read_text())))))
    else:
        file.write_bytes(data.draw(changed_bytes(file.read_bytes())))
    try:
        found = open_dataset(file.parent)
    except DataError as error:
        refused(error)
    else:
        assert len(found.images[found.indices("train")]) == len(found.indices("train"))
