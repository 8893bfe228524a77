"""Small videos, written by OpenCV and, where their times and their sound matter, by PyAV."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np


def write_video(path: Path, frames: Sequence[np.ndarray], fps: float = 10) -> Path:
    """Frames uint8 (H, W, 3), red, green, blue, as a motion-JPEG video (.avi), which any OpenCV can write and read."""
    import cv2

    height, width = frames[0].shape[:2]
    video = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"MJPG"), fps, (width, height))
    for frame in frames:
        video.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    video.release()
    return path


def write_timed(
    path: Path,
    frames: Sequence[np.ndarray],
    times: Sequence[float],
    sound: tuple[float, float] | None = None,
    codec: str | None = None,
    pixels_as: str = "yuv420p",
) -> Path:
    """Frames, as for `write_video`, each shown from its own time on, in seconds; the form follows the path's ending.

    `sound` is the beginning and the end of a silent track, in seconds; `codec` one of FFmpeg's encoders of pictures.
    """
    import av

    codecs = {".webm": ("libvpx-vp9", "libopus"), ".flv": ("flv", "aac"), ".wmv": ("wmv2", "wmav2")}
    usual, sound_codec = codecs.get(path.suffix, ("mpeg4", "aac"))
    with av.open(str(path), "w") as file:
        pictures = file.add_stream(codec or usual, rate=10)
        pictures.height, pictures.width = frames[0].shape[:2]
        pictures.pix_fmt, pictures.codec_context.time_base = pixels_as, Fraction(1, 1000)
        silence = file.add_stream(sound_codec, rate=48000, layout="mono") if sound else None
        for pixels, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = round(1000 * time), Fraction(1, 1000)
            file.mux(pictures.encode(frame))
        file.mux(pictures.encode(None))
        if silence:
            for start in range(round(48000 * sound[0]), round(48000 * sound[1]), 960):
                part = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.float32), format="fltp", layout="mono")
                part.sample_rate, part.pts, part.time_base = 48000, start, Fraction(1, 48000)
                file.mux(silence.encode(part))
            file.mux(silence.encode(None))
    return path


def turn_on_screen(path: Path, degrees: int) -> Path:
    """Note in an .mp4 that players are to turn its pictures clockwise by 90, 180 or 270 degrees, as phones do."""
    cosine, sine = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    unturned = np.array([1, 0, 0, 0, 1, 0, 0, 0, 1], float) * ([65536, 65536, 1 << 30] * 3)
    matrix = np.array([cosine, sine, 0, -sine, cosine, 0, 0, 0, 1], float) * ([65536, 65536, 1 << 30] * 3)
    content, place = path.read_bytes(), path.read_bytes().index(b"tkhd")  # of the track; mvhd has one like it before
    before, after = content[:place], content[place:]
    assert unturned.astype(">i4").tobytes() in after[:100]
    path.write_bytes(before + after.replace(unturned.astype(">i4").tobytes(), matrix.astype(">i4").tobytes(), 1))
    return path
