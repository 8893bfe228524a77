"""A camera made of a file: a face that jumps from side to side above a bar code of the frame's number.

What comes back from the server is read in the browser: the code says which frame it is, and the side of the box which
one was looked at last.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 640, 480
RATE = 30  # frames a second at which Chromium plays a file of JPEG pictures
JUMP = 120  # frames after which the face is on the other side: 4 seconds, more than any answer may take
FRAMES = 4 * JUMP  # until the file begins anew: 16 seconds, far more than any delay
BITS = 9
CODE = 40  # pixels, height of the bar code at the lower edge
FACE, TOP = 260, 110  # side of the face and where it begins, in pixels; above it there is room for the answers
LEFTS = (30, 350)  # left edge of the face on either side
FLAGS = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")

# Notes [milliseconds, frame, side of the box] of every picture of the camera and of what comes back.
READER = """async ({width, height, code, bits}) => {
    const shown = document.querySelector('video'), camera = document.createElement('video')
    camera.muted = true
    camera.style = 'position: fixed; width: 8px'
    const constraints = {video: {width, height, frameRate: {ideal: 15, max: 15}}}
    camera.srcObject = await navigator.mediaDevices.getUserMedia(constraints)
    document.body.append(camera)
    await camera.play()
    const context = new OffscreenCanvas(width, 16).getContext('2d', {willReadFrequently: true})
    const strip = (video, top) => {
        context.drawImage(video, 0, top, width, 16, 0, 0, width, 16)
        return context.getImageData(0, 0, width, 16).data
    }
    const number = video => {
        const data = strip(video, height - code / 2 - 8)
        let found = 0
        for (let bit = 0; bit < bits; bit++) {
            found = 2 * found + (data[4 * (width * 8 + Math.floor((bit + 0.5) * width / bits))] > 128)
        }
        return found
    }
    const side = video => {
        const data = strip(video, height / 2)
        const yellow = [0, 0]
        for (let i = 0; i < data.length; i += 4) {
            yellow[+((i / 4) % width >= width / 2)] += data[i] > 190 && data[i + 1] > 150 && data[i + 2] < 110
        }
        return Math.max(...yellow) < 20 ? -1 : +(yellow[1] > yellow[0])
    }
    window.noted = {camera: [], shown: []}
    const watch = (video, note) => video.requestVideoFrameCallback((now, frame) => {
        note(now, frame)
        watch(video, note)
    })
    watch(camera, (now, frame) => noted.camera.push([frame.captureTime ?? now, number(camera)]))
    watch(shown, (now, frame) => noted.shown.push([frame.expectedDisplayTime, number(shown), side(shown)]))
}"""
READER_SETTINGS = {"width": WIDTH, "height": HEIGHT, "code": CODE, "bits": BITS}


def write_camera(path: Path, face: np.ndarray) -> Path:
    """Write the file for Chromium's --use-file-for-fake-video-capture.

    Parameters
    ----------
    path
        Ends in .mjpeg.
    face
        uint8 (48, 48).
    """
    large = Image.fromarray(face).resize((FACE, FACE), Image.Resampling.LANCZOS)
    with path.open("wb") as file:
        for number in range(FRAMES):
            file.write(_frame(large, number))
    return path


def _frame(face: Image.Image, number: int) -> bytes:
    picture = Image.new("L", (WIDTH, HEIGHT), 110)
    picture.paste(face, (LEFTS[side_of(number)], TOP))
    for bit in range(BITS):
        white = number >> (BITS - 1 - bit) & 1
        picture.paste(235 * white, (bit * WIDTH // BITS, HEIGHT - CODE, (bit + 1) * WIDTH // BITS, HEIGHT))
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=90)
    return file.getvalue()


def side_of(number: np.ndarray | int) -> np.ndarray | int:
    """0 where a frame shows the face on the left, 1 on the right."""
    return number // JUMP % 2


def video_delays(camera: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Seconds from the capture of each frame that came back to its display.

    Parameters
    ----------
    camera, shown
        Rows (milliseconds, number, ...) in the order of time; numbers begin anew after `FRAMES`.

    Returns
    -------
    np.ndarray
        (rows of `shown` whose frame the camera was seen to capture).
    """
    delays = []
    for at, number, *_ in shown:
        captured = camera[(camera[:, 1] == number) & (camera[:, 0] <= at), 0]
        if len(captured) and at - captured[-1] < 1000 * FRAMES / RATE:
            delays.append((at - captured[-1]) / 1000)
    return np.array(delays)


def answer_delays(camera: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Seconds from the capture of the first frame on the other side to the first box there, for each jump."""
    sides = side_of(camera[:, 1].astype(int))
    jumps = np.flatnonzero(np.diff(sides)) + 1
    delays = []
    for jump, end in zip(jumps, [*jumps[1:], len(camera)], strict=True):
        at, until = camera[jump, 0], camera[end - 1, 0]
        there = shown[(shown[:, 0] > at) & (shown[:, 0] <= until) & (shown[:, 2] == sides[jump]), 0]
        if len(there):
            delays.append((there[0] - at) / 1000)
        elif end < len(camera):
            delays.append(np.inf)  # the face had jumped back before a box came
    return np.array(delays)
