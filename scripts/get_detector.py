"""Fetch the face detector YuNet from the Hugging Face hub, to be used from then on wherever faces are looked for.

python scripts/get_detector.py
python scripts/get_detector.py --out detector/yunet.onnx

It is about eight times as fast as MTCNN, which comes with the packages and is used until then. The file's SHA-256 is
checked, and it is kept in the user's cache; one kept elsewhere is named by --detector or by the environment variable
FERCORE_DETECTOR. Its licence is MIT; it was trained on WIDER Face, which is CC BY-NC-ND, and whether that reaches the
weights is unsettled.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fercore.cli import ScriptParser, friendly_errors
from fercore.inference.detector_file import cached_file, fetch


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--out", type=Path, default=cached_file(), metavar="FILE", help="where (default: %(default)s)")
    print(f"YuNet is in {fetch(parser.parse_args(arguments).out)}.")


if __name__ == "__main__":
    main(sys.argv[1:])
