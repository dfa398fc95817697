"""Two operators of learned codecs of images and video as custom operators, with kernels for all backends.

python gdn.py
"""

from __future__ import annotations

import numpy as np

from aimcodec import operators
from aimcodec.model.structures import AttributeKind, Dimension, TensorType
from aimcodec.operators import AttributeRule, CustomOperator, Parameter, Registry, Status
from aimcodec.operators.status import failure

DOMAIN = "org.example.codec"


def gdn(x, beta, gamma, *, inverse):
    """Generalised divisive normalisation: x / sqrt(beta + sum over channels of gamma * x**2); inverse: times.

    Shapes [N, C, H, W], [C], [C, C].
    """
    norm = np.sqrt(np.einsum("ij,njhw->nihw", gamma, x * x) + beta[:, None, None])
    return x * norm if inverse else x / norm


def gdn_torch(x, beta, gamma, *, inverse):
    """The same with tensors of PyTorch."""
    import torch

    norm = torch.sqrt(torch.einsum("ij,njhw->nihw", gamma, x * x) + beta[:, None, None])
    return x * norm if inverse else x / norm


def gdn_types(inputs, attributes):
    """As x; the channels have to agree."""
    x, beta, gamma = inputs
    if x is None or beta is None or gamma is None or x.size is None or beta.size is None or gamma.size is None:
        return [x]
    channels = x.size[1].value if len(x.size) == 4 else None
    if channels is not None and {d.value for d in (*beta.size, *gamma.size)} != {channels}:
        raise failure(Status.DIMENSIONS_MISMATCH, "channels of x, beta and gamma differ", "GDN")
    return [x]


def shuffle(x, *, factor):
    """Pixel shuffle: channels become blocks of pixels; shape [N, C * f * f, H, W] to [N, C, H * f, W * f]."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, c // factor**2, factor, factor, h, w)
    pixels = blocks.swapaxes(3, 4).swapaxes(2, 3).swapaxes(4, 5)  # n, c, h, factor, w, factor
    return pixels.reshape(n, c // factor**2, h * factor, w * factor)


def shuffle_types(inputs, attributes):
    """Channels are divided, height and width multiplied; what is open stays open."""
    (x,) = inputs
    if x is None or x.size is None:
        return [x]
    n, c, h, w = (d.value for d in x.size)
    f = attributes["factor"]
    if c is not None and c % f**2:
        raise failure(Status.DIMENSIONS_MISMATCH, f"{c} channels in blocks of {f}", "PixelShuffle", "x")
    sizes = (n, None if c is None else c // f**2, None if h is None else h * f, None if w is None else w * f)
    return [TensorType(x.element_type, tuple(Dimension(size) for size in sizes))]


REAL = {"T": ("FLOAT32", "FLOAT64")}
REGISTRY = Registry(
    [
        CustomOperator(
            name="GDN",
            domain=DOMAIN,
            version=1,
            inputs=(Parameter("x", "T"), Parameter("beta", "T"), Parameter("gamma", "T")),
            outputs=(Parameter("y", "T"),),
            attributes=(AttributeRule("inverse", AttributeKind.INT, default=0),),
            type_constraints=REAL,
            kernels={"reference": gdn, "torch": gdn_torch},
            infer_types=gdn_types,
        ),
        CustomOperator(
            name="PixelShuffle",
            domain=DOMAIN,
            version=1,
            inputs=(Parameter("x", "T"),),
            outputs=(Parameter("y", "T"),),
            attributes=(AttributeRule("factor", AttributeKind.INT, required=True),),
            type_constraints={"T": ("FLOAT32", "FLOAT64", "UINT8", "INT8", "INT32")},
            kernels={"reference": shuffle, "torch": shuffle},
            infer_types=shuffle_types,
        ),
    ]
)

if __name__ == "__main__":
    f = operators.functions("reference", domain=DOMAIN, registry=REGISTRY)
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 2, 2)
    print(f.PixelShuffle(x, factor=2)[0, 0])
    print(f.GDN(x, np.ones(4, np.float32), np.eye(4, dtype=np.float32)).shape)
