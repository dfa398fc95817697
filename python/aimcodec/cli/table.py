"""What is known of the tensors of a package without reading them."""

from __future__ import annotations

from typing import Any

from aimcodec.cli.packages import Opened
from aimcodec.package import TensorInfo

__all__ = ["memory_bytes", "tensor_record"]


def memory_bytes(found: Opened, info: TensorInfo) -> int | None:
    """Bytes of the memory of a tensor (6.2). What an opaque one has is in its unit, which is not fetched from afar."""
    if info.nbytes is not None or not found.units.source.is_local:
        return info.nbytes
    number = found.package.info(info.alias_of).units[0] if info.alias_of is not None else info.units[0]
    header = found.units.head(number).header
    return int(info.elements // header["opaque_block_elements"] * header["opaque_block_bytes"])


def tensor_record(found: Opened, info: TensorInfo) -> dict[str, Any]:
    """A tensor for JSON. Coded bytes are those of its units with their headers; of a data unit all of it."""
    size = memory_bytes(found, info)
    return {
        "name": info.name,
        "dtype": info.dtype,
        "shape": list(info.shape),
        "coding": info.coding,
        "alias_of": info.alias_of,
        "bytes": size,
        "coded_bytes": info.coded_bytes,
        "ratio": info.coded_bytes / size if size else None,
    }
