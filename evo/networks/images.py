"""Shapes of images and patches, for networks that take images."""

import math
from typing import NamedTuple

import torch


class ImageShape(NamedTuple):
    """Size of an image."""

    channels: int
    height: int
    width: int


def image_shape(sample: tuple[int, ...]) -> ImageShape:
    """Image shape of a sample; a flat sample is a square image of one channel.

    >>> image_shape((64,))
    ImageShape(channels=1, height=8, width=8)
    >>> image_shape((3, 32, 32))
    ImageShape(channels=3, height=32, width=32)

    Raises:
        ValueError: the sample is no image.
    """
    match sample:
        case (pixels,) if math.isqrt(pixels) ** 2 == pixels:
            return ImageShape(1, math.isqrt(pixels), math.isqrt(pixels))
        case (height, width):
            return ImageShape(1, height, width)
        case (channels, height, width):
            return ImageShape(channels, height, width)
        case _:
            raise ValueError(
                "Expected samples of shape (channels, height, width), (height, width) or "
                f"(side · side,), got {sample}."
            )


def as_images(inputs: torch.Tensor) -> torch.Tensor:
    """Reshape inputs (copies, batch, …) to (copies, batch, channels, height, width)."""
    return inputs.reshape(*inputs.shape[:2], *image_shape(tuple(inputs.shape[2:])))


def cut_patches(images: torch.Tensor, patch: tuple[int, int]) -> torch.Tensor:
    """Cut non-overlapping patches: (copies, batch, rows, columns, channels, height, width).

    Args:
        images: (copies, batch, channels, height, width).
        patch: height and width of a patch.

    Raises:
        ValueError: height or width is no multiple of the patch's.
    """
    *_, channels, height, width = images.shape
    rows, columns = height // patch[0], width // patch[1]
    if (rows * patch[0], columns * patch[1]) != (height, width):
        raise ValueError(
            f"Expected images that patches of {patch[0]}×{patch[1]} pixels cover evenly, "
            f"got {height}×{width}."
        )
    grid = images.reshape(*images.shape[:2], channels, rows, patch[0], columns, patch[1])
    return grid.permute(0, 1, 3, 5, 2, 4, 6)
