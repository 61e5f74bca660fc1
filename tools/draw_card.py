"""Draws the picture card: five things to choose from, for who does not read.

``python tools/draw_card.py`` writes ``data/cards/matters.png``. The words are those of
the buttons in ``domain.yml``; draw it anew when they change.
"""

from collections.abc import Callable
from math import cos, pi, sin
from pathlib import Path

import yaml
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parent.parent
CARD = ROOT / "data" / "cards" / "matters.png"
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
INK, PAPER, EDGE, BADGE, WATER, BOLT = (
    "#0b1f33",
    "#ffffff",
    "#0b4a6f",
    "#ffd400",
    "#0a6fc2",
    "#c77700",
)
_LARGER = 3
"""Drawn so much larger and then made small, so that edges are smooth."""
_WIDE, _HIGH, _GAP = 440, 360, 20
Point = tuple[float, float]
Pen = Callable[[ImageDraw.ImageDraw, Callable[[float, float], Point], float], None]


def titles() -> list[str]:
    """The words of the five buttons, without their signs."""
    text = (ROOT / "domain.yml").read_text(encoding="utf-8")
    variants = yaml.safe_load(text)["responses"]["utter_picture_card"]
    return [b["title"].partition(" ")[2] for b in variants[-1]["buttons"]]


def road(draw: ImageDraw.ImageDraw, at: Callable[..., Point], unit: float) -> None:
    """A road that leads away."""
    draw.polygon([at(-0.22, -0.5), at(0.22, -0.5), at(0.6, 0.5), at(-0.6, 0.5)], INK)
    for top, bottom, wide in (
        (-0.4, -0.25, 0.025),
        (-0.1, 0.1, 0.04),
        (0.25, 0.5, 0.06),
    ):
        draw.polygon(
            [
                at(-wide, top),
                at(wide, top),
                at(wide * 1.2, bottom),
                at(-wide * 1.2, bottom),
            ],
            PAPER,
        )


def water(draw: ImageDraw.ImageDraw, at: Callable[..., Point], unit: float) -> None:
    """A drop."""
    around = [(0.36 * cos(a), 0.16 + 0.34 * sin(a)) for a in _arc(-25, 205)]
    draw.polygon([at(0, -0.55), *(at(x, y) for x, y in around)], WATER)


def power(draw: ImageDraw.ImageDraw, at: Callable[..., Point], unit: float) -> None:
    """A flash."""
    shape = ((0.12, -0.55), (-0.36, 0.1), (-0.05, 0.1), (-0.14, 0.55), (0.36, -0.14))
    draw.polygon([*(at(x, y) for x, y in shape), at(0.05, -0.14)], BOLT)


def house(draw: ImageDraw.ImageDraw, at: Callable[..., Point], unit: float) -> None:
    """A house on its ground."""
    draw.polygon([at(-0.6, -0.05), at(0, -0.55), at(0.6, -0.05)], INK)
    draw.rectangle([at(-0.42, -0.08), at(0.42, 0.42)], INK)
    draw.rectangle([at(-0.12, 0.08), at(0.12, 0.42)], PAPER)
    draw.rectangle([at(-0.7, 0.42), at(0.7, 0.5)], "#2e7d32")


def call(draw: ImageDraw.ImageDraw, at: Callable[..., Point], unit: float) -> None:
    """A telephone that rings."""
    draw.rounded_rectangle([at(-0.26, -0.5), at(0.26, 0.5)], unit * 0.08, INK)
    draw.rectangle([at(-0.19, -0.37), at(0.19, 0.29)], PAPER)
    draw.ellipse([at(-0.06, 0.35), at(0.06, 0.47)], PAPER)
    for size in (0.44, 0.62):
        for start in (-35, 145):
            box = [at(-size, -size), at(size, size)]
            draw.arc(box, start, start + 70, INK, round(unit * 0.06))


def _arc(start: int, end: int) -> list[float]:
    return [degree * pi / 180 for degree in range(start, end + 1, 5)]


PICTOGRAMS: tuple[Pen, ...] = (road, water, power, house, call)


def draw_card() -> Image.Image:
    """Two in a row; the last, for who would rather speak, over the whole width."""
    size = (2 * _WIDE + 3 * _GAP, 3 * _HIGH + 4 * _GAP)
    card = Image.new("RGB", (size[0] * _LARGER, size[1] * _LARGER), "#dfe7ee")
    draw = ImageDraw.Draw(card)
    for number, (pen, words) in enumerate(zip(PICTOGRAMS, titles(), strict=True), 1):
        row, column = divmod(number - 1, 2)
        wide = 2 * _WIDE + _GAP if number == len(PICTOGRAMS) else _WIDE
        left, top = _GAP + column * (_WIDE + _GAP), _GAP + row * (_HIGH + _GAP)
        _tile(draw, (left, top, wide), number, pen, words)
    return card.resize(size, Image.Resampling.LANCZOS).quantize(64)


def _tile(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int, int],
    number: int,
    pen: Pen,
    words: str,
) -> None:
    left, top, wide = (length * _LARGER for length in place)
    high, unit = _HIGH * _LARGER, 210 * _LARGER
    box = (left, top, left + wide, top + high)
    draw.rounded_rectangle(box, 28 * _LARGER, PAPER, EDGE, 6 * _LARGER)
    middle = left + wide / 2
    pen(draw, lambda x, y: (middle + x * unit, top + high * 0.41 + y * unit), unit)
    edge = 66 * _LARGER
    corner = (left + 18 * _LARGER, top + 18 * _LARGER)
    draw.ellipse((*corner, corner[0] + edge, corner[1] + edge), BADGE, INK, 4 * _LARGER)
    heart = (corner[0] + edge / 2, corner[1] + edge / 2)
    draw.text(heart, str(number), INK, _font(44), anchor="mm")
    draw.text((middle, top + high * 0.86), words, INK, _font(44), anchor="mm")


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, size * _LARGER)


if __name__ == "__main__":
    CARD.parent.mkdir(exist_ok=True)
    draw_card().save(CARD, optimize=True)
