"""A reading task with known answers: lines of text, drawn, blurred and made noisy, and what a recogniser makes of them.

The recogniser is PP-OCRv4 (CNN and transformer, CTC output), which a package on PyPI holds as ONNX.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

RECOGNISER = ("rapidocr-onnxruntime==1.4.4", "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx")
TEXT = Path(__file__).resolve().parent.parent / "LICENSE"
HEIGHT = 48  # of what the recogniser reads


@dataclass(frozen=True)
class Line:
    """A text, and its picture: float32, shape [1, 3, 48, width], values -1 to 1."""

    text: str
    picture: NDArray[np.float32]


def lines(count: int, seed: int = 0) -> list[Line]:
    """Two to four words each; the same for the same seed."""
    rng = np.random.default_rng(seed)
    words = TEXT.read_text("utf-8").split()
    starts = rng.integers(0, len(words) - 5, count)
    return [_line(" ".join(words[start : start + int(rng.integers(2, 5))]), rng) for start in starts]


def _line(text: str, rng: np.random.Generator) -> Line:
    font = ImageFont.load_default(18)
    _, _, right, bottom = font.getbbox(text)
    picture = Image.new("L", (int(right) + 16, int(bottom) + 12), int(rng.integers(200, 256)))
    ImageDraw.Draw(picture).text((8, 4), text, font=font, fill=int(rng.integers(0, 90)))
    picture = picture.rotate(float(rng.uniform(-2, 2)), fillcolor=230).filter(ImageFilter.GaussianBlur(0.8))
    noisy = np.asarray(picture, np.float32) + rng.normal(0, 28, (picture.height, picture.width))
    picture = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    width = max(HEIGHT, round(picture.width * HEIGHT / picture.height))
    values = np.asarray(picture.resize((width, HEIGHT), Image.Resampling.BILINEAR), np.float32) / 127.5 - 1
    return Line(text, np.repeat(values[None, None], 3, axis=1))


def alphabet(metadata: str) -> list[str]:
    """Characters by class number, from the text that the model carries; class 0 is "nothing"."""
    return ["", *metadata.splitlines(), " "]


def decode(scores: NDArray[Any], characters: Sequence[str]) -> str:
    """Text of the scores, shape [1, steps, classes]: the best class of each step, repeats once, "nothing" left out."""
    best = scores[0].argmax(-1)
    kept = best[np.concatenate(([True], best[1:] != best[:-1])) & (best != 0)]
    return "".join(characters[i] for i in kept)


def wrong_characters(read: str, text: str) -> tuple[int, int]:
    """Edit distance and length, blanks apart."""
    read, text = read.replace(" ", ""), text.replace(" ", "")
    row = list(range(len(text) + 1))
    for i, mine in enumerate(read, 1):
        diagonal, row[0] = row[0], i
        for j, theirs in enumerate(text, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (mine != theirs))
    return row[-1], len(text)
