"""Regions of images: non-maximum suppression, pools of regions."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math

import torch

from aimcodec.errors import OutOfRangeError, UnsupportedError
from aimcodec.operators.torch.numbers import integers
from aimcodec.operators.torch.registry import Context, kernel


@kernel("NonMaxSuppression", since=10)
def non_max_suppression(
    _: Context,
    boxes: torch.Tensor,
    scores: torch.Tensor,
    max_output_boxes_per_class: torch.Tensor | None = None,
    iou_threshold: torch.Tensor | None = None,
    score_threshold: torch.Tensor | None = None,
    *,
    center_point_box: int = 0,
) -> torch.Tensor:
    most = 0 if max_output_boxes_per_class is None else int(max_output_boxes_per_class)
    overlap = 0.0 if iou_threshold is None else float(iou_threshold)
    chosen = [torch.zeros(0, 3, dtype=torch.int64)]
    for batch in range(scores.shape[0] if most > 0 else 0):
        corners = _corners(boxes[batch].float(), center_point_box)
        for label in range(scores.shape[1]):
            kept = _suppressed(corners, scores[batch, label], most, overlap, score_threshold)
            chosen.append(torch.tensor([[batch, label, box] for box in kept], dtype=torch.int64).reshape(-1, 3))
    return torch.cat(chosen)


def _corners(boxes: torch.Tensor, centred: int) -> torch.Tensor:
    """Boxes as their least and largest corners."""
    if centred:
        middle, half = boxes[:, :2], boxes[:, 2:] / 2
        return torch.cat([middle - half, middle + half], 1)
    first, second = boxes[:, :2], boxes[:, 2:]
    return torch.cat([torch.minimum(first, second), torch.maximum(first, second)], 1)


def _suppressed(
    corners: torch.Tensor, scores: torch.Tensor, most: int, overlap: float, least: torch.Tensor | None
) -> list[int]:
    """Boxes that are left, best first: each suppresses those that overlap it too much."""
    values, order = torch.sort(scores, descending=True, stable=True)
    if least is not None:
        order = order[values > float(least)]
    kept: list[int] = []
    area = (corners[:, 2:] - corners[:, :2]).prod(1)
    while order.numel() and len(kept) < most:
        best, order = order[0], order[1:]
        kept.append(int(best))
        low = torch.maximum(corners[order, :2], corners[best, :2])
        high = torch.minimum(corners[order, 2:], corners[best, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        union = area[order] + area[best] - shared
        order = order[~((shared > overlap * union) & (union > 0))]
    return kept


def _check_batch(places: torch.Tensor, x: torch.Tensor) -> None:
    if places.numel() and not 0 <= int(places.min()) <= int(places.max()) < x.shape[0]:
        raise OutOfRangeError("a region of an image that is not there")


def _bilinear(image: torch.Tensor, y: torch.Tensor, x: torch.Tensor) -> list[torch.Tensor]:
    """The four elements around places of an image [C, H, W], weighted; nothing where they lie outside."""
    height, width = image.shape[1:]
    inside = (y >= -1) & (y <= height) & (x >= -1) & (x <= width)
    y, x = y.clamp(min=0), x.clamp(min=0)
    top, left = y.long().clamp(max=height - 1), x.long().clamp(max=width - 1)
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    down = torch.where(top >= height - 1, torch.zeros_like(y), y - top)
    across = torch.where(left >= width - 1, torch.zeros_like(x), x - left)
    corners = [(top, left, (1 - down) * (1 - across)), (top, right, (1 - down) * across)]
    corners += [(bottom, left, down * (1 - across)), (bottom, right, down * across)]
    return [
        image[:, row, column] * torch.where(inside, weight, torch.zeros_like(weight)) for row, column, weight in corners
    ]


def _roi_align(
    context: Context,
    x: torch.Tensor,
    rois: torch.Tensor,
    batches: torch.Tensor,
    mode: str,
    size: tuple[int, int],
    ratio: int,
    scale: float,
    shift: float,
) -> torch.Tensor:
    _check_batch(batches, x)
    if mode not in {"avg", "max"} or min(size) < 1:
        raise UnsupportedError(f"RoiAlign of mode {mode!r} to {size}")
    context.check_shape([rois.shape[0], x.shape[1], *size])
    results = [torch.zeros(0, x.shape[1], *size, dtype=x.dtype)]
    for roi, batch in zip(rois, integers(batches), strict=True):
        left, top, right, bottom = (float(n) * scale - shift for n in roi)
        height, width = bottom - top, right - left
        if not shift:
            height, width = max(height, 1.0), max(width, 1.0)
        grids = [ratio or max(1, -int(-(n / m) // 1)) for n, m in zip((height, width), size, strict=True)]
        context.check_shape([x.shape[1], size[0] * grids[0], size[1] * grids[1]])
        rows = top + (torch.arange(size[0] * grids[0], dtype=torch.float64) + 0.5) * height / (size[0] * grids[0])
        columns = left + (torch.arange(size[1] * grids[1], dtype=torch.float64) + 0.5) * width / (size[1] * grids[1])
        y, z = torch.meshgrid(rows.to(x.dtype), columns.to(x.dtype), indexing="ij")
        parts = _bilinear(x[batch], y, z)
        shape = (x.shape[1], size[0], grids[0], size[1], grids[1])
        if mode == "avg":
            pooled = sum(parts[1:], parts[0]).reshape(shape).mean((2, 4))
        else:
            pooled = torch.stack(parts).amax(0).reshape(shape).amax((2, 4))
        results.append(pooled.unsqueeze(0))
    return torch.cat(results)


@kernel("RoiAlign")
def roi_align_10(
    context: Context,
    x: torch.Tensor,
    rois: torch.Tensor,
    batches: torch.Tensor,
    *,
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> torch.Tensor:
    size = (output_height, output_width)
    return _roi_align(context, x, rois, batches, mode, size, sampling_ratio, spatial_scale, 0.0)


@kernel("RoiAlign", since=16)
def roi_align(
    context: Context,
    x: torch.Tensor,
    rois: torch.Tensor,
    batches: torch.Tensor,
    *,
    coordinate_transformation_mode: str = "half_pixel",
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> torch.Tensor:
    shift = 0.5 if coordinate_transformation_mode == "half_pixel" else 0.0
    size = (output_height, output_width)
    return _roi_align(context, x, rois, batches, mode, size, sampling_ratio, spatial_scale, shift)


@kernel("MaxRoiPool")
def max_roi_pool(
    context: Context, x: torch.Tensor, rois: torch.Tensor, *, pooled_shape: list[int], spatial_scale: float = 1.0
) -> torch.Tensor:
    _check_batch(rois[:, 0], x)
    rows, columns = pooled_shape
    context.check_shape([rois.shape[0], x.shape[1], rows, columns])
    result = torch.zeros(rois.shape[0], x.shape[1], rows, columns, dtype=x.dtype)
    for place, roi in enumerate(rois.tolist()):
        image = x[int(roi[0])]
        left, top, right, bottom = (int(n * spatial_scale + 0.5) for n in roi[1:])
        height, width = max(bottom - top + 1, 1), max(right - left + 1, 1)
        bands = [_bin(row, height / rows, top, x.shape[2]) for row in range(rows)]
        strips = [_bin(column, width / columns, left, x.shape[3]) for column in range(columns)]
        highest = torch.stack([_highest(image, band, 1) for band in bands], 1)  # [C, rows, W]
        result[place] = torch.stack([_highest(highest, strip, 2) for strip in strips], 2)
    return torch.where(result == -math.inf, torch.zeros_like(result), result)


def _highest(image: torch.Tensor, part: slice, axis: int) -> torch.Tensor:
    if part.start >= part.stop:
        return torch.full_like(image.select(axis, 0), -math.inf)
    return image.narrow(axis, part.start, part.stop - part.start).amax(axis)


def _bin(place: int, size: float, start: int, length: int) -> slice:
    first, last = int(place * size // 1) + start, -int(-((place + 1) * size) // 1) + start
    return slice(min(max(first, 0), length), min(max(last, 0), length))
