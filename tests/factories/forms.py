"""Every form in which people hold data sets, as files of a folder: path -> content, with the quirks of each.

A picture's level says which class it was made for, so that a test can see whether the right label came to it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fercore.emotions import KNOWN
from tests.factories.data import png

# What other systems leave behind; none of it is an image or a class.
LITTER = {
    "__MACOSX/train/angry/._1.png": b"\0",
    ".DS_Store": b"\0",
    "train/.DS_Store": b"\0",
    "train/Thumbs.db": b"\0",
    "train/desktop.ini": b"\0",
}


def level(name: str) -> int:
    """Gray level of the pictures of a class: 20 to 230."""
    return 20 + 30 * KNOWN.index(name)


def picture(name: str, side: int = 16) -> bytes:
    """A colour PNG of one class."""
    return png(np.full((side, side, 3), level(name), dtype=np.uint8))


def rafdb_list(per_class: int, codes: dict[str, str]) -> dict[str, bytes]:
    """RAF-DB as its authors give it: a list, and aligned images; Windows line ends and a mark of byte order."""
    lines, files = [], {}
    for split in ("train", "test"):
        for code, name in codes.items():
            for number in range(per_class):
                stem = f"{split}_{code}{number:04}"
                lines.append(f"{stem}.jpg {code}")
                files[f"basic/Image/aligned/{stem}_aligned.jpg"] = picture(name)
    files["basic/EmoLabel/list_patition_label.txt"] = b"\xef\xbb\xbf" + "\r\n".join(lines).encode()
    return files


def numbered(per_class: int, codes: dict[str, str], splits: Sequence[str] = ("train", "test")) -> dict[str, bytes]:
    """DATASET/train|test/<code>/, as RAF-DB lies on Kaggle, with the lists that nobody needs beside it."""
    files = {
        f"DATASET/{split}/{code}/{split}_{number}_aligned.jpg": picture(name)
        for split in splits
        for code, name in codes.items()
        for number in range(per_class)
    }
    return files | {"train_labels.csv": b"image,label\n", "test_labels.csv": b"image,label\n"}


def affectnet(per_class: int, codes: dict[str, str], parts: Sequence[str] = ("train_set", "val_set")) -> dict:
    """AffectNet's images with annotations, which are text in npy."""
    files = {}
    for part in parts:
        for place, (code, name) in enumerate(codes.items()):
            for number in range(per_class):
                stem = f"{place * per_class + number}"
                files[f"{part}/images/{stem}.jpg"] = picture(name)
                files[f"{part}/annotations/{stem}_exp.npy"] = npy(np.array(code))
                files[f"{part}/annotations/{stem}_val.npy"] = npy(np.array("-0.25"))
    return files


def npy(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def ckplus(people: int, names: Sequence[str]) -> dict[str, bytes]:
    """CK+48: three neighbouring frames of a sequence of each of three classes a person, in folders of classes."""
    files = {}
    for person in range(people):
        for sequence in range(3):
            name = names[(person + sequence) % len(names)]
            for frame in range(10, 13):
                files[f"CK+48/{name}/S{person:03}_{sequence:03}_{frame:08}.png"] = picture(KNOWN_OF.get(name, name))
    return files


KNOWN_OF = {"anger": "angry", "sadness": "sad"}


def expw(pictures: int, codes: dict[str, str]) -> dict[str, bytes]:
    """ExpW: two faces side by side in each picture, each of its class's level, and a list of boxes."""
    names, files, lines = list(codes.values()), {}, []
    for number in range(pictures):
        two = [names[(number + face) % len(names)] for face in range(2)]
        pixels = np.full((40, 60, 3), 255, dtype=np.uint8)
        for face, name in enumerate(two):
            left = 5 + 30 * face
            pixels[10:30, left : left + 20] = level(name)
            code = next(code for code, own in codes.items() if own == name)
            lines.append(f"p{number}.jpg {face} 10 {left} {left + 20} 30 22.5 {code}")
        files[f"data/image/origin/p{number}.jpg"] = png(pixels)
    return files | {"data/label/label.lst": "\n".join(lines).encode()}


def parquet(path: Path, names: Sequence[str], labels: Sequence[object], *, schema: bool = True) -> None:
    """A parquet file of Hugging Face: pictures as {"bytes", "path"}, codes whose names the schema says."""
    import pyarrow
    from pyarrow.parquet import write_table

    pictures = [{"bytes": picture(names[code]), "path": f"{row}.png"} for row, code in enumerate(labels)]
    table = pyarrow.table({"image": pictures, "label": list(labels)})
    if schema:
        info = {"info": {"features": {"label": {"_type": "ClassLabel", "names": list(names)}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(table, path, row_group_size=5)


def level_of(pixels: np.ndarray) -> int:
    """The level that most of a stored picture has."""
    return int(np.median(pixels))
