"""Many small maps in one picture: colour maps, tiles with labels, heat over a face. Arrays in, uint8 arrays out.

One picture of 64 or 512 tiles costs a browser as little as a photo; an element for each tile would freeze it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fercore.charts.style import ink, rgb

DENSITY = 2  # pixels of a picture for each pixel on the screen, so that it stays sharp on fine screens
GROUND = {"light": "#FFFFFF", "dark": "#12171D"}  # the page's, as in dashboard/.streamlit/config.toml
# For heat over grey pixels: five stops of matplotlib's magma, which rise evenly in lightness for all eyes.
HEAT = alt.Scale(domain=[0, 0.25, 0.5, 0.75, 1], range=["#3B0F70", "#8C2981", "#DE4968", "#FE9F6D", "#FCFDBF"])


@dataclass(frozen=True)
class Layout:
    """Where the tiles of a grid lie, in pixels on the screen.

    Attributes
    ----------
    rows, columns
        Tiles down and across.
    tile
        Side of a tile.
    gap
        Between tiles.
    left, top
        Room for the labels of rows and columns.
    below
        Room under each row of tiles for a label of each tile.
    """

    rows: int
    columns: int
    tile: int = 48
    gap: int = 6
    left: int = 0
    top: int = 0
    below: int = 0

    @property
    def width(self) -> int:
        return self.left + self.columns * (self.tile + self.gap)

    @property
    def height(self) -> int:
        return self.top + self.rows * (self.tile + self.below + self.gap)

    def corner(self, number: int) -> tuple[int, int]:
        """x and y of the upper left corner of tile `number`, counted along the rows."""
        row, column = divmod(number, self.columns)
        return (
            self.left + self.gap // 2 + column * (self.tile + self.gap),
            self.top + self.gap // 2 + row * (self.tile + self.below + self.gap),
        )


def colored(values: np.ndarray, scale: alt.Scale) -> np.ndarray:
    """Colours of values.

    Parameters
    ----------
    values
        Any shape; what lies outside the scale's domain gets the colour of its nearer end.
    scale
        From `style.sequential` or `style.diverging`, or `HEAT`: interpolated in sRGB, as Vega does it.

    Returns
    -------
    numpy.ndarray
        uint8 (*shape, 3), RGB.
    """
    stops = 255 * np.array([rgb(color) for color in scale["range"]])
    channels = [np.interp(values, scale["domain"], stops[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


def gray(images: np.ndarray) -> np.ndarray:
    """Faces uint8 (N, H, W), or (N, H, W, 3) in colour, -> (N, H, W, 3), for grids that hold faces and maps."""
    return images if images.ndim == 4 else np.repeat(images[..., None], 3, axis=-1)


def overlay(
    face: np.ndarray, heat: np.ndarray, side: int = 480, opacity: float = 0.7, scale: alt.Scale = HEAT
) -> np.ndarray:
    """Heat over a face: the farther from 0, the less of the face shows through.

    Parameters
    ----------
    face
        uint8 (H, W) or, in colour, (H, W, 3).
    heat
        (h, w) of any size, 0 cold to 1 hot, or from -1 on a scale of both signs; scaled bilinearly to the face's size.
    side
        Of the result, in pixels.
    opacity
        How much of the face the hottest point hides, 0 to 1.
    scale
        Colours of the heat.

    Returns
    -------
    numpy.ndarray
        uint8 (side, side, 3), RGB.
    """
    under = np.asarray(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC), np.float32)
    under = under[..., None] if under.ndim == 2 else under
    over = Image.fromarray(np.asarray(heat, np.float32)).resize((side, side), Image.Resampling.BILINEAR)
    over = np.clip(np.asarray(over), -1, 1)
    share = opacity * np.abs(over)[..., None]
    return np.rint((1 - share) * under + share * colored(over, scale)).astype(np.uint8)


def grid(
    tiles: Sequence[np.ndarray],
    layout: Layout,
    dark: bool = False,
    *,
    labels: Sequence[str] = (),
    columns: Sequence[str] = (),
    rows: Sequence[str] = (),
) -> np.ndarray:
    """Tiles in a grid, in one picture.

    Parameters
    ----------
    tiles
        uint8 (h, w, 3) each, of any sizes, along the rows; each is enlarged to the layout's tile, pixel by pixel.
    layout
        Where they lie; a last row need not be full.
    dark
        Whether the page's ground is dark.
    labels
        One under each tile; the layout needs room `below`.
    columns, rows
        One over each column, which needs room at the `top`, and one before each row, which needs room at the `left`.

    Returns
    -------
    numpy.ndarray
        uint8 (DENSITY * layout.height, DENSITY * layout.width, 3), RGB.
    """
    picture = Image.new("RGB", (DENSITY * layout.width, DENSITY * layout.height), GROUND["dark" if dark else "light"])
    for number, tile in enumerate(tiles):
        x, y = layout.corner(number)
        side = DENSITY * layout.tile
        picture.paste(Image.fromarray(tile).resize((side, side), Image.Resampling.NEAREST), (DENSITY * x, DENSITY * y))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(11 * DENSITY)
    for x, y, anchor, text in _texts(layout, labels, columns, rows):
        pen.text((DENSITY * x, DENSITY * y), text, ink(dark), font, anchor)
    return np.asarray(picture)


def png(picture: np.ndarray) -> bytes:
    """A uint8 picture (H, W) or (H, W, 3) as a PNG file."""
    file = io.BytesIO()
    # Level 1: a grid is made on every click, and a few kilobytes less are not worth the wait.
    Image.fromarray(picture).save(file, "png", compress_level=1)
    return file.getvalue()


def _texts(
    layout: Layout, labels: Sequence[str], columns: Sequence[str], rows: Sequence[str]
) -> Iterator[tuple[float, float, str, str]]:
    """x, y, Pillow's anchor and text of each label."""
    half = layout.tile / 2
    for number, text in enumerate(labels):
        x, y = layout.corner(number)
        yield x + half, y + layout.tile + 1, "ma", text
    for number, text in enumerate(columns):
        x, y = layout.corner(number)
        yield x + half, y - 3, "ms", text
    for number, text in enumerate(rows):
        x, y = layout.corner(number * layout.columns)
        yield x - layout.gap, y + half, "rm", text
