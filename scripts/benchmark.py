"""Measure speed as ratios within one run: these figures hold for the machine they are measured on.

python scripts/benchmark.py training     images/s: a plain fp32 loop, ours, and the bare compute speed
python scripts/benchmark.py audit        seconds to find exact and near copies among N, 2N and 4N images
python scripts/benchmark.py data         memory, images/s and opening time of 100,000 pictures of 112x112 in colour
python scripts/benchmark.py dashboard    seconds of a warm re-run of every page
python scripts/benchmark.py features     seconds for all channels of the report's CNN on seven faces
python scripts/benchmark.py inference    accuracy, ms and images/s of the reference runs, in torch and in ONNX
python scripts/benchmark.py robustness   seconds of all disturbances of reference-fast, through its ONNX file
python scripts/benchmark.py jobs         images/s of a training with and without a page that watches it
python scripts/benchmark.py sweep        seconds that a sweep adds to each of its trainings
python scripts/benchmark.py video        time and memory of looking through 10 minutes of video, against its length
python scripts/benchmark.py webcam       frames/s, delays and memory of the live video in a real Chromium
"""

from __future__ import annotations

import sys

from benchmarks import (
    audit,
    dashboard,
    data,
    features,
    inference,
    jobs,
    robustness,
    sweep,
    training,
    video,
    webcam,
)

from fercore.cli import ScriptParser, add_roots, friendly_errors

BENCHMARKS = {
    "audit": audit.main,
    "data": data.main,
    "training": training.main,
    "dashboard": dashboard.main,
    "jobs": jobs.main,
    "sweep": sweep.main,
    "features": features.main,
    "inference": inference.main,
    "robustness": robustness.main,
    "video": video.main,
    "webcam": webcam.main,
}


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("what", choices=BENCHMARKS)
    parser.add_argument("--rounds", type=int, help="measurements of each thing (default: 5 or 20, 4 points, 50 starts)")
    parser.add_argument(
        "--images", type=int, help="data: pictures to prepare (100,000); robustness: to ask about (all)"
    )
    parser.add_argument("--store", action="store_true", help="inference: keep the speeds in the run folders")
    add_roots(parser)
    options = parser.parse_args(arguments)
    BENCHMARKS[options.what](options)


if __name__ == "__main__":
    main(sys.argv[1:])
