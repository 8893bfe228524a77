"""Find the faces in pictures, folders and videos, and write what a model says of each as one row of a CSV table.

python scripts/predict.py reference-report-cnn photo.jpg
python scripts/predict.py reference-report-cnn holiday/ talk.mp4 --fps 2 --tta flip --out faces.csv
python scripts/predict.py reference-fast talk.mp4 --fps 5 --tracks --out a.csv --subtitles a.vtt --annotate a.mp4

Each row has the file, the time in a video, the face's number, box and score, which detector found it, by how many
degrees the picture was rotated for it, the probabilities, the most probable emotion, and whether the model is sure of
it: most answers of such confidence were right on PublicTest. A small square in which no face is found is taken for a
crop of one: found_by is then "nothing", and the model is never sure. What a file is its content tells, not its name.
With --tracks each row of a video has the number of its person, as far as place and motion tell: nobody is recognised,
and who returns after two seconds or a cut is a new person. Subtitles and the annotated video say "not sure" where the
model is not. With --look-every 3 faces are looked for in every third frame and followed between; a face that was
followed has no score of its own, and its cell is empty. --smooth averages each person's probabilities over time; the
column smoothing, the subtitles and the annotated video then say so.
Files and folders that cannot be read are named at the end, and the exit code is then 1; so is it where nothing could be
read, and an earlier table then stays as it is.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from fercore.cli import ScriptParser, add_roots, add_run, friendly_errors
from fercore.data.decode import UnreadableImage
from fercore.evaluation.confidence import UNKNOWN_CONFIDENCE
from fercore.fields import ConfigError
from fercore.inference.batch import Found, Survey, write_answers
from fercore.inference.detectors import Mtcnn, YuNet, open_detector
from fercore.inference.following import MOST_EVERY
from fercore.inference.predictor import RUNTIMES, Predictor
from fercore.inference.smoothing import MOST as MOST_SMOOTHING
from fercore.inference.sources import Files, kind_of
from fercore.run_names import find_run
from fercore.runs import TTAS, atomic_write


@friendly_errors
def main(arguments: list[str]) -> None:
    options = options_parser().parse_args(arguments)
    check(options)
    # What OpenCV and FFmpeg have to say of a damaged video is said once, at the end.
    os.environ |= {"OPENCV_LOG_LEVEL": "SILENT", "OPENCV_FFMPEG_LOGLEVEL": "-8"}
    run = find_run(options.run, options.runs)
    predictor = Predictor.from_run(run, options.tta, runtime=options.runtime)
    detector = open_detector(options.detector, min_score=options.min_score) if options.detect else None
    span = (options.start, options.end)
    survey = Survey(detector, options.fps, options.faceless, predictor.shape, options.tracks, span, options.look_every)
    files = Files(options.paths)
    found = survey.faces(with_progress(files))
    if options.out:
        count = store(options, found, survey, predictor)
    else:
        count = write_answers(sys.stdout.buffer, found, predictor, options.tracks, options.smooth)
    tell(survey, files, count, predictor, options.out)
    if survey.pictures and (options.subtitles or options.annotate):
        store_video(options)
    if survey.bad or files.unreadable or not survey.pictures:
        raise SystemExit(1)


class NothingRead(Exception):
    """There is nothing to put in the place of an earlier table."""


def store(options: argparse.Namespace, found: Iterable[Found], survey: Survey, predictor: Predictor) -> int:
    """Write the table in one piece, unless nothing could be read; returns the number of faces."""
    count = 0

    def write(file: io.BufferedIOBase) -> None:
        nonlocal count
        count = write_answers(file, found, predictor, options.tracks, options.smooth)
        if not survey.pictures:
            raise NothingRead

    with contextlib.suppress(NothingRead):
        atomic_write(options.out, write)
    return count


def store_video(options: argparse.Namespace) -> None:
    """Make the subtitles and the annotated video from the table that was written."""
    from fercore.inference.annotate import Overlay, annotate
    from fercore.inference.timeline import subtitles

    table, step = pd.read_csv(options.out, encoding_errors="surrogateescape"), 1 / options.fps
    if options.subtitles:
        atomic_write(options.subtitles, lambda file: file.write(subtitles(table, step).encode()))
        print(f"Stored in {options.subtitles}.", file=sys.stderr)
    if options.annotate:

        def write(file: io.BufferedIOBase) -> None:
            frames = annotate(options.paths[0], file, Overlay(table, step), options.start, options.end)
            for _ in tqdm(frames, unit="frame", desc="Annotating", disable=None):
                pass

        try:
            atomic_write(options.annotate, write)
        except UnreadableImage as error:
            raise ConfigError(f"--annotate: {options.paths[0]}: {error}") from error
        print(f"Stored in {options.annotate}.", file=sys.stderr)


def options_parser() -> ScriptParser:
    parser = ScriptParser(__doc__)
    add_run(parser, "run with weights")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="pictures, videos, and folders of them")
    parser.add_argument("--out", type=Path, metavar="FILE", help="table to write (default: to the terminal)")
    parser.add_argument("--tta", choices=TTAS, default="none", help="flip averages each face and its mirror image")
    parser.add_argument(
        "--runtime", choices=RUNTIMES, default="torch", help="onnx: the run's ONNX file answers (default: %(default)s)"
    )
    add_detection(parser)
    add_video(parser)
    add_roots(parser)
    return parser


def add_detection(parser: ScriptParser) -> None:
    """How faces are found."""
    parser.add_argument(
        "--no-detect", dest="detect", action="store_false", help="every picture is one face: its centred square"
    )
    parser.add_argument(
        "--detector",
        metavar="FILE",
        help="YuNet's ONNX file, or mtcnn (default: FERCORE_DETECTOR, then the file that scripts/get_detector.py "
        "fetched, then mtcnn)",
    )
    parser.add_argument(
        "--min-score",
        type=float,
        metavar="SCORE",
        help=f"leave out faces with a lower score of detection (default: {YuNet.min_score:g} with YuNet, "
        f"{Mtcnn.min_score:g} with MTCNN)",
    )
    parser.add_argument(
        "--faceless", action="store_true", help="a row, with empty cells, also for a picture or frame without a face"
    )


def add_video(parser: ScriptParser) -> None:
    """Which frames of a video are looked at, and what is made of it."""
    parser.add_argument("--fps", type=float, default=1.0, help="frames looked at in a second of a video (%(default)g)")
    parser.add_argument(
        "--look-every",
        type=int,
        default=1,
        metavar="N",
        help="look for the faces of a video in every Nth of these frames and follow them in the others "
        "(default: %(default)s, in all)",
    )
    parser.add_argument("--tracks", action="store_true", help="follow the faces of each video: a column track")
    parser.add_argument(
        "--smooth",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="average each person's probabilities over time: a change comes through to 63 %% after so long "
        "(default: 0, answers as the model gives them); needs --tracks",
    )
    parser.add_argument("--start", type=float, default=0.0, metavar="SECONDS", help="look at videos from here on")
    parser.add_argument("--end", type=float, default=math.inf, metavar="SECONDS", help="look at videos up to here")
    parser.add_argument("--subtitles", type=Path, metavar="FILE", help="WebVTT of one video to write; needs --tracks")
    parser.add_argument(
        "--annotate",
        type=Path,
        metavar="FILE",
        help="one video with boxes, answers and its sound to write, as MP4; needs --tracks",
    )


def check(options: argparse.Namespace) -> None:
    """ConfigError where options do not go together, or are out of range."""
    if not 0 < options.fps <= 1000:
        raise ConfigError(f"--fps: received {options.fps:g}, expected more than 0 and at most 1000 frames a second")
    if not 1 <= options.look_every <= MOST_EVERY:
        raise ConfigError(f"--look-every: received {options.look_every}, expected 1 to {MOST_EVERY} frames")
    if options.look_every > 1 and not options.detect:
        raise ConfigError("--look-every says how often faces are looked for; leave out --no-detect, or this")
    if not 0 <= options.smooth <= MOST_SMOOTHING:
        raise ConfigError(f"--smooth: received {options.smooth:g}, expected 0 to {MOST_SMOOTHING:g} seconds")
    if options.smooth and not options.tracks:
        raise ConfigError("--smooth averages the answers for each person; give --tracks as well")
    if not 0 <= options.start < options.end:
        received = f"--start {options.start:g} and --end {options.end:g}"
        raise ConfigError(f"received {received}, expected seconds from 0 on, the start before the end")
    for flag in ("out", "subtitles", "annotate"):
        path = getattr(options, flag)
        if path and not path.parent.is_dir():
            raise ConfigError(f"--{flag}: there is no folder {path.parent}; make it, or name another file")
    for flag in ("subtitles", "annotate"):
        if getattr(options, flag):
            check_video(options, f"--{flag}")


def check_video(options: argparse.Namespace, flag: str) -> None:
    """What is made from the table of one video needs that."""
    if not options.tracks or not options.out:
        raise ConfigError(f"{flag} is made from a table with tracks; give --tracks and --out as well")
    video, *others = options.paths
    if others or not video.is_file() or kind_of(video) != "video":
        received = f"{1 + len(others)} paths" if others else f"{video}, which is none"
        raise ConfigError(f"{flag}: received {received}, expected one video")
    written = [path for path in (options.out, options.subtitles, options.annotate) if path]
    if len({path.resolve() for path in (video, *written)}) <= len(written):
        raise ConfigError(f"{flag}: the video, the table and what is made from them need names of their own")


def with_progress(files: Files) -> Iterable[Path]:
    """The files, with a bar on stderr where that is a terminal; they are counted first and never held all at once."""
    total = sum(1 for _ in files) if sys.stderr.isatty() else None
    return tqdm(files, total=total, unit="file", disable=None, delay=1)


def tell(survey: Survey, files: Files, faces: int, predictor: Predictor, out: Path | None) -> None:
    """What was found, what was left out and what could not be read, on stderr: stdout may be the table."""
    lines = [f"Pictures: {survey.pictures:,}, of them without a face: {survey.faceless:,}. Faces: {faces:,}."]
    lines += [predictor.confidence.words() if predictor.confidence else UNKNOWN_CONFIDENCE]
    if out and survey.pictures:
        lines += [f"Stored in {out}."]
    elif out:
        lines += [f"Nothing could be read, so nothing is stored in {out}."]
    if files.skipped:
        lines += [f"{files.skipped:,} files and folders were left out:"]
        lines += [f"  {path}: {why}" for path, why in files.examples.items()]
        lines += [f"  ... and {files.skipped - len(files.examples):,} more"] * (files.skipped > len(files.examples))
    lines += [f"{file}: {note}." for file, note in survey.notes.items()]
    bad = files.unreadable | survey.bad
    lines += [f"{len(bad):,} files could not be read:"] * bool(bad)
    lines += [f"  {file}: {problem}" for file, problem in bad.items()]
    print("\n".join(lines), file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
