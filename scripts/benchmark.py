"""Measure speed as ratios within one run: these figures hold for the machine they are measured on.

python scripts/benchmark.py training     images/s: a plain fp32 loop, ours, and the bare compute speed
python scripts/benchmark.py audit        seconds to find exact and near copies among N, 2N and 4N images
python scripts/benchmark.py data         memory, images/s and opening time of 100,000 pictures of 112x112 in colour
python scripts/benchmark.py dashboard    seconds of a cold server's first page and of every page, first visit and re-run
python scripts/benchmark.py features     seconds for all channels of the report's CNN on seven faces
python scripts/benchmark.py inference    accuracy, ms and images/s of the reference runs, in torch and in ONNX
python scripts/benchmark.py robustness   seconds of all disturbances of reference-fast, through its ONNX file
python scripts/benchmark.py jobs         images/s of a training with and without a page that watches it
python scripts/benchmark.py load         errors, seconds by page and memory while 20 sessions go through all pages
python scripts/benchmark.py runs         seconds and memory of Home and Which model? with 1,000 runs (--runs-made 10000)
python scripts/benchmark.py sweep        seconds that a sweep adds to each of its trainings
python scripts/benchmark.py video        time and memory of a long video, seconds to cancel, what --look-every saves
python scripts/benchmark.py webcam       frames/s, delays and memory of the live video in a real Chromium
"""

from __future__ import annotations

import importlib
import sys

from fercore.cli import ScriptParser, add_roots, friendly_errors

BENCHMARKS = (
    *("audit", "dashboard", "data", "features", "inference", "jobs", "load", "robustness", "runs", "sweep", "training"),
    *("video", "webcam"),
)


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("what", choices=BENCHMARKS)
    parser.add_argument("--rounds", type=int, help="measurements of each thing (default: 5 or 20, 4 points, 50 starts)")
    images = "data: pictures to prepare (100,000); jobs: trained on in an epoch (5,120); robustness: to ask about (all)"
    parser.add_argument("--images", type=int, help=images)
    parser.add_argument("--sessions", type=int, help="load: how many at once (default: 20)")
    parser.add_argument("--seconds", type=int, help="load: for how long; video: length of the clip (default: 600)")
    parser.add_argument("--runs-made", type=int, help="runs: how many run folders to make (default: 1,000)")
    parser.add_argument("--store", action="store_true", help="inference: keep the speeds in the run folders")
    add_roots(parser)
    options = parser.parse_args(arguments)
    importlib.import_module(f"benchmarks.{options.what}").main(options)  # some bring torch, which takes seconds


if __name__ == "__main__":
    main(sys.argv[1:])
