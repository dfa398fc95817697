"""aimc extract."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from aimcodec.bridges.model import Described
from aimcodec.bridges.safetensors import write_safetensors
from aimcodec.cli.files import replacing
from aimcodec.cli.formats import Format
from aimcodec.cli.output import print_json
from aimcodec.cli.packages import Opened, opened, tensor_info
from aimcodec.cli.report import about, shown_path
from aimcodec.dtypes import dtype_of
from aimcodec.errors import ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["extract"]


def extract(
    source: Annotated[str, typer.Argument(metavar="M.aim", help="A package (also a URL).", show_default=False)],
    name: Annotated[str | None, typer.Argument(metavar="TENSOR", help="The tensor.", show_default=False)] = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The file: .npy or .safetensors. Else a new one of its name."),
    ] = None,
    part: Annotated[
        str | None, typer.Option("--slice", help='A part of the tensor, as in numpy: "0:128,:".', show_default=False)
    ] = None,
    asset: Annotated[
        str | None, typer.Option(help="An asset in place of a tensor.", metavar="NAME", show_default=False)
    ] = None,
    variant: Annotated[str, typer.Option(help="Form of the parameters.", show_default=False)] = "",
    json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Writes one tensor, a part of it, or an asset to a file of its own; nothing else is read."""
    if (name is None) == (asset is None) or (asset is not None and part is not None):
        raise ArgumentError("what is wanted is a tensor, perhaps with --slice, or an --asset")
    with opened(source, variant=variant) as found:
        if asset is not None:
            data = _asset(found, asset)
            file = output or _new_file(PurePosixPath(asset).name)
            with about(file, stream=False), replacing(file) as target:
                target.write_bytes(data)
        else:
            array = _tensor(found, name or "", part)
            file = output or _new_file(f"{name}.npy")
            with about(file, stream=False):
                _write_array(file, name or "", array)
    size = file.stat().st_size
    if json:
        print_json({"output": str(file), "bytes": size})
    else:
        print(f"{shown_path(file)}: {size:,} bytes")


def _asset(found: Opened, name: str) -> bytes:
    if name not in found.package.assets:
        raise ArgumentError(f"the package has no asset {name!r}")
    return found.package.assets[name].data


def _tensor(found: Opened, name: str, part: str | None) -> NDArray[Any]:
    tensor_info(found.package, name)
    if part is None:
        whole: NDArray[Any] = found.package[name]
        return whole
    try:
        return np.asarray(found.package.get_slice(name)[_index(part)])
    except IndexError as error:
        raise ArgumentError(f"--slice {part!r}: {error}") from None


def _index(text: str) -> tuple[Any, ...]:
    """The index of numpy that a text means."""
    return tuple(_one_index(part.strip()) for part in text.split(","))


def _one_index(text: str) -> Any:
    if text == "...":
        return ...
    number = r"-?[0-9]{1,18}"
    if re.fullmatch(number, text):
        return int(text)
    if re.fullmatch(f"(?:{number})?:(?:{number})?(?::(?:{number})?)?", text) is None:
        raise ArgumentError(f"--slice: {text!r} is neither a number, a range A:B or A:B:STEP, nor an ellipsis")
    return slice(*(int(limit) if limit else None for limit in text.split(":")))


def _new_file(name: str) -> Path:
    """A file in this folder that a name from a package stands for; files that are there are not replaced.

    Raises:
        ArgumentError: it is there.
    """
    file = Path(re.sub(r"[^\w.-]", "_", name).lstrip(".") or "_")
    if file.exists():
        raise ArgumentError(f"{file} is there already; -o names another file, or this one to replace it")
    return file


def _write_array(file: Path, name: str, array: NDArray[Any]) -> None:
    safetensors = file.suffix.lower() == Format.SAFETENSORS.value
    if not safetensors and array.dtype.type.__module__ != np.__name__:  # it would come back without its type
        raise UnsupportedError(f"numpy files cannot hold elements of type {array.dtype}; -o X.safetensors can")
    with replacing(file) as target, target.open("wb") as opened_file:
        if safetensors:
            described = Described(name, dtype_of(array.dtype), array.shape)
            write_safetensors(opened_file, [described], {}, lambda _: array)
        else:
            np.save(opened_file, array, allow_pickle=False)
