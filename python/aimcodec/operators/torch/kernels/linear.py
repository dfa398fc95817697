"""Products of matrices, and sums of products."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.elements import VIEWS
from aimcodec.operators.torch.numbers import UNSIGNED
from aimcodec.operators.torch.registry import Context, kernel


@kernel("MatMul")
def matmul(context: Context, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    if a.ndim > 1 and b.ndim > 1:
        context.check_broadcast(a[..., :1], b[..., :1, :])  # the shape of the product
    if a.dtype in UNSIGNED:  # modulo the range of the type, so the sign does not matter
        return torch.matmul(a.view(VIEWS[a.dtype]), b.view(VIEWS[b.dtype])).view(a.dtype)
    return torch.matmul(a, b)


@kernel("Gemm")
def gemm(
    _: Context,
    a: torch.Tensor,
    b: torch.Tensor,
    c: torch.Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803
    transB: int = 0,  # noqa: N803
    broadcast: int = 0,
) -> torch.Tensor:
    if a.ndim != 2 or b.ndim != 2:
        raise InconsistentError(f"matrices of {a.ndim} and {b.ndim} dimensions")
    left, right = a.T if transA else a, b.T if transB else b
    if a.dtype.is_floating_point:
        if c is not None:
            return torch.addmm(c, left, right, beta=beta, alpha=alpha)
        product = torch.mm(left, right)
        return product if alpha == 1 else alpha * product
    product = matmul(_, left.contiguous(), right.contiguous())
    # Integers: ONNX multiplies them by floating point numbers only in name.
    scaled = product if alpha == 1 else (alpha * product).to(product.dtype)
    if c is None:
        return scaled
    return scaled + (c if beta == 1 else (beta * c).to(c.dtype))


@kernel("Einsum")
def einsum(context: Context, *inputs: torch.Tensor, equation: str) -> torch.Tensor:
    # At most the product of all dimensions: each letter stands for one of them.
    letters: dict[str, int] = {}
    for term, tensor in zip(equation.split("->", maxsplit=1)[0].replace(" ", "").split(","), inputs, strict=True):
        if "." not in term:
            letters.update(zip(term, tensor.shape, strict=True))
    output = equation.split("->")[1] if "->" in equation else ""
    context.check_shape([letters.get(letter, 1) for letter in output])
    result: torch.Tensor = torch.einsum(equation.replace(" ", ""), *inputs)
    return result


@kernel("Det")
def determinant(_: Context, x: torch.Tensor) -> torch.Tensor:
    wide = x if x.dtype == torch.float64 else x.float()
    result: torch.Tensor = torch.linalg.det(wide)
    return result.to(x.dtype)
