"""Find the faces in pictures, folders and videos, and write what a model says of each as one row of a CSV table.

python scripts/predict.py reference-report-cnn photo.jpg
python scripts/predict.py reference-report-cnn holiday/ talk.mp4 --fps 2 --tta flip --out faces.csv

Each row has the file, the time in a video, the face's number, box and score, seven probabilities, the most probable
emotion, and whether the model is sure of it: most answers of such confidence were right on PublicTest.
Files that cannot be read are named at the end, and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from fercore.cli import ScriptParser, add_roots, add_run, friendly_errors
from fercore.evaluation.confidence import UNKNOWN_CONFIDENCE
from fercore.fields import ConfigError
from fercore.inference.batch import Survey, write_answers
from fercore.inference.faces import Detector
from fercore.inference.predictor import RUNTIMES, Predictor
from fercore.inference.sources import find_files
from fercore.run_names import find_run
from fercore.runs import TTAS, atomic_write


@friendly_errors
def main(arguments: list[str]) -> None:
    options = read_options(arguments)
    # What OpenCV and FFmpeg have to say of a damaged video is said once, at the end.
    os.environ |= {"OPENCV_LOG_LEVEL": "SILENT", "OPENCV_FFMPEG_LOGLEVEL": "-8"}
    run = find_run(options.run, options.runs)
    predictor = Predictor.from_run(run, options.tta, runtime=options.runtime)
    survey = Survey(Detector() if options.detect else None, options.fps)
    found = survey.faces(with_progress(options.paths))
    if options.out:
        counts = []
        atomic_write(options.out, lambda file: counts.append(write_answers(file, found, predictor)))
        count = counts[0]
    else:
        count = write_answers(sys.stdout.buffer, found, predictor)
    tell(survey, count, predictor, options.out)
    if survey.bad:
        raise SystemExit(1)


def read_options(arguments: list[str]) -> argparse.Namespace:
    parser = ScriptParser(__doc__)
    add_run(parser, "run with weights")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="pictures, videos, and folders of them")
    parser.add_argument("--out", type=Path, metavar="FILE", help="table to write (default: to the terminal)")
    parser.add_argument("--fps", type=float, default=1.0, help="frames looked at in a second of a video (%(default)g)")
    parser.add_argument("--tta", choices=TTAS, default="none", help="flip averages each face and its mirror image")
    parser.add_argument(
        "--runtime", choices=RUNTIMES, default="torch", help="onnx: the run's ONNX file answers (default: %(default)s)"
    )
    parser.add_argument(
        "--no-detect", dest="detect", action="store_false", help="every picture is one face: its centred square"
    )
    add_roots(parser)
    options = parser.parse_args(arguments)
    if not 0 < options.fps <= 1000:
        raise ConfigError(f"--fps: received {options.fps:g}, expected more than 0 and at most 1000 frames a second")
    if options.out and not options.out.parent.is_dir():
        raise ConfigError(f"--out: there is no folder {options.out.parent}; make it, or name another file")
    return options


def with_progress(paths: list[Path]) -> Iterator[Path]:
    """The files, with a bar on stderr where that is a terminal; they are counted first and never held all at once."""
    total = sum(1 for _ in find_files(paths))
    return tqdm(find_files(paths), total=total, unit="file", disable=None, delay=1)


def tell(survey: Survey, faces: int, predictor: Predictor, out: Path | None) -> None:
    """What was found, and each file that could not be read, on stderr: stdout may be the table."""
    lines = [f"Pictures: {survey.pictures:,}, of them without a face: {survey.faceless:,}. Faces: {faces:,}."]
    lines += [predictor.confidence.words() if predictor.confidence else UNKNOWN_CONFIDENCE]
    lines += [f"Stored in {out}."] * bool(out)
    lines += [f"{len(survey.bad):,} files could not be read:"] * bool(survey.bad)
    lines += [f"  {file}: {problem}" for file, problem in survey.bad.items()]
    print("\n".join(lines), file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
