"""npy files written and read array by array, so that their size is bounded by the disk and not by the memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np


class NpyWriter:
    """An npy file that grows by one array of fixed type and shape at a time; a context manager.

    Parameters
    ----------
    path
        The file to make.
    dtype, shape
        Of each array; the file becomes (N, *shape).
    """

    def __init__(self, path: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> None:
        self.path, self.dtype, self.shape, self.n = path, np.dtype(dtype), shape, 0

    def __enter__(self) -> Self:
        self.file = self.path.open("wb")
        self._write_header()
        self.start = self.file.tell()
        return self

    def write(self, array: np.ndarray) -> None:
        """Append one array; RuntimeError if its shape is not the file's."""
        array = np.asarray(array, dtype=self.dtype)
        if array.shape != self.shape:
            raise RuntimeError(f"{self.path.name}: received an array of {array.shape}, expected {self.shape}")
        self.file.write(array.tobytes())
        self.n += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with self.file:
            if error is not None:
                return
            self.file.seek(0)
            self._write_header()  # numpy pads the header so that the first dimension can grow
            if self.file.tell() != self.start:
                raise RuntimeError(f"the npy header grew to {self.file.tell()} bytes and overwrote {self.start} ones")
            self.file.flush()
            os.fsync(self.file.fileno())

    def _write_header(self) -> None:
        content = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.n, *self.shape)}
        np.lib.format.write_array_header_1_0(self.file, content)


def stored_images(path: Path) -> Iterator[np.ndarray]:
    """The arrays of an npy file one by one, none of which stays in memory."""
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    n, shape, dtype, start = len(mapped), mapped.shape[1:], mapped.dtype, mapped.offset
    del mapped
    size = int(np.prod(shape)) * dtype.itemsize
    with path.open("rb") as file:
        file.seek(start)
        for _ in range(n):
            yield np.frombuffer(file.read(size), dtype=dtype).reshape(shape)
