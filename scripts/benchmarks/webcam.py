"""The webcam page in a real Chromium: frames and delays of the video and of the answers, memory, and what stays behind.

The camera is a file, so that every picture that comes back can be told apart (fake_camera.py). Browser and server share
the machine, as they do for most users.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
import torch
from tqdm import tqdm

from benchmarks.fake_camera import FLAGS, READER, READER_SETTINGS, answer_delays, video_delays, write_camera
from fercore.data.transforms import Preprocess
from fercore.emotions import EMOTIONS
from fercore.models.registry import build, save_model
from fercore.models.vit import ViTConfig
from fercore.runs import Run, RunError, create_run, list_runs, open_run, update_run
from fercore.training.config import load_recipe

ROOT = Path(__file__).resolve().parents[2]
SECONDS, WARM_UP, CYCLES = 60, 10, 50
START = 300.0  # seconds until the server answers, or a page is there
MB = 1024 * 1024
WANTED = "at least 14 frames/s; delays at most 0.30 s (video) and 0.70 s (answers), not growing; memory flat"
IFRAME = "iframe[title='streamlit_webrtc.component.webrtc_streamer']"
# Where threads are that a video needs: ours, those that decode and process frames, and one that watches the session.
WORKERS = (
    "dashboard/views/webcam/worker.py",
    "streamlit_webrtc/process.py",
    "aiortc/rtcrtpreceiver.py",
    "streamlit_webrtc/shutdown.py",
)
# A server that writes the stacks of all its threads when it gets SIGUSR1.
LAUNCH = """
import faulthandler, signal, sys
faulthandler.register(signal.SIGUSR1, file=open(sys.argv[1], 'w'), all_threads=True)
from streamlit.web.cli import main
sys.argv = ['streamlit', *sys.argv[2:]]
main()
"""


class Server(NamedTuple):
    """A running dashboard: its address, its process, and the file it writes its threads' stacks to."""

    url: str
    process: psutil.Process
    stacks: Path

    def memory(self) -> float:
        """Resident memory in MB."""
        return self.process.memory_info().rss / MB

    def processor(self) -> float:
        """Seconds of processor time since its start."""
        times = self.process.cpu_times()
        return times.user + times.system

    def workers(self) -> int:
        """Threads that a video needs and that are alive."""
        self.stacks.write_text("")
        self.process.send_signal(signal.SIGUSR1)
        time.sleep(1)
        stacks = self.stacks.read_text().replace("\0", "").split("\n\n")
        return sum(any(file in stack for file in WORKERS) for stack in stacks)


class Measured(NamedTuple):
    """One video: frames a second shown, delays in seconds in the order of time, and MB at its begin and end."""

    rate: float
    video: np.ndarray
    answers: np.ndarray
    memory: tuple[float, float]


def main(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="webcam-") as name:
        folder = Path(name)
        cnn, vit, large = prepare_runs(options.runs, folder / "runs")
        faces = open_run(folder / "runs" / cnn).average_faces()
        if faces is None:
            raise RunError(f"{cnn} holds no average faces, which the camera would show; train it again")
        camera = write_camera(folder / "camera.mjpeg", faces[EMOTIONS.index("happy")])
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start; wanted: {WANTED}")
        flags = ["--no-sandbox", *FLAGS, f"--use-file-for-fake-video-capture={camera}"]
        with serve(folder) as server, chromium(*flags) as page:
            for second in (vit, large):
                print(f"{cnn} and {second}, {SECONDS} s:")
                report(measure(page, server, cnn, second))
            cycle(page, server, options.rounds or CYCLES)


def prepare_runs(source: Path, root: Path) -> tuple[str, str, str]:
    """Fill a folder with runs; names of the reference CNN, of the reference ViT or one of its size, and of ViT-B/16."""
    root.mkdir()
    found = {run.name: run for run in list_runs(source)[0] if run.has_weights}
    cnn = next((name for name in ("reference-best", "reference-report-cnn") if name in found), None)
    if cnn is None:
        raise RunError(f"{source} holds neither reference-best nor reference-report-cnn with weights")
    vit = "reference-vit" if "reference-vit" in found else "random-vit-compact"
    for name in {cnn, vit} & set(found):
        shutil.copytree(found[name].path, root / name)
    if vit not in found:
        make_vit(root, vit, load_recipe("vit-compact").model, Preprocess())
    large = ViTConfig(16, hidden_size=768, layers=12, heads=12, init="normal", in_channels=3, input_size=224)
    return cnn, vit, make_vit(root, "random-vit-b16", large, Preprocess(size=224, channels=3)).name


def make_vit(root: Path, name: str, config: ViTConfig, preprocess: Preprocess) -> Run:
    """A run with random weights: it takes as long as any other to answer."""
    info = {"config": {"model": {"type": "vit"}}, "classes": list(EMOTIONS), "dataset": {}, "seed": 0}
    run = create_run(root, name, info)
    torch.manual_seed(0)
    save_model(run.path, "vit", config, build("vit", config).state_dict(), preprocess)
    return update_run(run, status="finished")


@contextlib.contextmanager
def serve(folder: Path, runs: Path | None = None, data: Path | None = None) -> Iterator[Server]:
    """The dashboard with runs and data, by default those in a folder, where its log is kept."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    stacks = folder / "stacks.txt"
    command = [sys.executable, "-c", LAUNCH, str(stacks), "run", "dashboard/Home.py", "--server.headless", "true"]
    roots = ["--runs", str((runs or folder / "runs").resolve()), "--data", str((data or folder / "data").resolve())]
    command += ["--server.port", str(port), "--", *roots]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for_server(f"http://localhost:{port}/_stcore/health", process)
        yield Server(f"http://localhost:{port}", psutil.Process(process.pid), stacks)
    finally:
        process.terminate()
        process.wait()


def wait_for_server(health: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(health, timeout=2):
            return
        time.sleep(0.2)
    raise RunError(f"the dashboard does not answer at {health}; start it with: streamlit run dashboard/Home.py")


@contextlib.contextmanager
def chromium(*flags: str) -> Iterator[Any]:
    """A tab of a headless Chromium with flags of its command line."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise RunError("playwright is not installed; pip install -r tests/requirements.txt") from error
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*flags])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(1000 * START)
        yield page
        browser.close()


def measure(page: Any, server: Server, first: str, second: str) -> Measured:
    """Start the video with two models, and note for `SECONDS` what comes back."""
    page.goto(f"{server.url}/webcam?first={first}&second={second}&mirror=false")
    frame = start(page)
    frame.evaluate(READER, READER_SETTINGS)
    page.wait_for_timeout(1000 * WARM_UP)
    before, frames = server.memory(), shown_frames(frame)
    frame.evaluate("() => { noted.camera = []; noted.shown = [] }")
    started = time.monotonic()
    page.wait_for_timeout(1000 * SECONDS)
    rate = (shown_frames(frame) - frames) / (time.monotonic() - started)
    camera, shown = (np.array(rows) for rows in frame.evaluate("() => [noted.camera, noted.shown]"))
    memory = server.memory()
    stop(page)
    return Measured(rate, video_delays(camera, shown), answer_delays(camera, shown), (before, memory))


def shown_frames(frame: Any) -> int:
    """Frames that the browser has shown so far."""
    return frame.evaluate(
        """() => {
            const quality = document.querySelector('video').getVideoPlaybackQuality()
            return quality.totalVideoFrames - quality.droppedVideoFrames
        }"""
    )


def start(page: Any) -> Any:
    """Press START; the frame of the page that holds the video, once pictures come back."""
    frame = page.wait_for_selector(IFRAME).content_frame()
    frame.get_by_role("button", name="Start", exact=True).click()
    frame.wait_for_function("() => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames > 5")
    return frame


def stop(page: Any) -> None:
    frame = page.wait_for_selector(IFRAME).content_frame()
    frame.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("Press START and allow the camera.").wait_for()


def report(found: Measured) -> None:
    print(f"  video    {found.rate:.1f} frames/s, delay {in_words(found.video)}")
    print(f"  answers  delay {in_words(found.answers)}, {len(found.answers)} jumps of the face")
    before, after = found.memory
    print(f"  memory   {before:.0f} MB, after {SECONDS} s {after:.0f} MB ({after - before:+.0f})")


def in_words(delays: np.ndarray) -> str:
    """ "0.21 s (0.20 in the first third, 0.22 in the last; 95 % below 0.30)"."""
    if not len(delays):
        return "unknown: nothing came back"
    third = max(len(delays) // 3, 1)
    middle, first, last = (float(np.median(part)) for part in (delays, delays[:third], delays[-third:]))
    return (
        f"{middle:.2f} s ({first:.2f} in the first third, {last:.2f} in the last; "
        f"95 % below {np.quantile(delays, 0.95, method='higher'):.2f})"
    )


def cycle(page: Any, server: Server, count: int) -> None:
    """Start and stop again and again; what is left of it."""
    page.reload()  # without the reader's own video
    for _ in range(3):  # what is loaded once
        start(page)
        playing = server.workers()
        stop(page)
    before = server.memory()
    for _ in tqdm(range(count), unit="start", leave=False):
        start(page)
        stop(page)
    page.wait_for_timeout(10_000)  # threads end a moment after the video
    growth, left = server.memory() - before, server.workers()
    print(
        f"{count} starts and stops: {growth:+.0f} MB (wanted: below 50); of the {playing} threads that a video has, "
        f"{left} are left (wanted: 0)"
    )
