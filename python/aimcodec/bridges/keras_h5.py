"""HDF5 files as a tree of groups and plain arrays, and nothing else of what HDF5 can do.

Only hard links are followed; external files, virtual datasets, filters other than those of the library itself and
elements that are no numbers are refused before anything of them is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from aimcodec.dtypes import DType, dtype_of, from_name
from aimcodec.errors import (
    ArgumentError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    UnsupportedError,
)
from aimcodec.limits import Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Array", "H5Tree"]

FREE_BYTES = 64 << 20  # of an array, from which Limits.max_expansion applies
MAX_TEXT_BYTES = 64 << 20  # of an attribute that is kept as a file
FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32"}
MAX_DEPTH = 64


@dataclass(frozen=True)
class Array:
    """An array of the tree.

    Attributes:
        path: names of groups and its own, with "/".
        dtype: of its elements.
        shape: in elements.
        same_as: path of an earlier array that is the same object, or None.
    """

    path: str
    dtype: DType
    shape: tuple[int, ...]
    same_as: str | None


def h5py_library() -> Any:
    """The h5py package.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    try:
        import h5py  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ModuleNotFoundError as error:
        if error.name != "h5py":
            raise
        message = "reading Keras weights needs h5py; pip install 'aimcodec[keras]' brings it"
        raise ModuleNotFoundError(message, name="h5py") from None
    return h5py


class H5Tree:
    """The arrays of a file, looked at but not read.

    Args:
        file: that can be read and sought; closed with the tree.
        limits: what may be spent.

    Attributes:
        arrays: by path, sorted by name, numbers by value.
        groups: paths.

    Raises:
        AimcError: it is no HDF5 file, is damaged, or has what is refused here.
        ModuleNotFoundError: h5py is not installed.
    """

    def __init__(self, file: IO[bytes], limits: Limits) -> None:
        self._library = h5py_library()
        self._limits = limits
        self._file = file
        with _typed():
            self._h5 = self._library.File(file, "r")
        self.arrays: dict[str, Array] = {}
        self.groups: list[str] = []
        self._objects: dict[Any, str] = {}
        try:
            with _typed():
                self._walk()
        except BaseException:
            self.close()
            raise

    def _walk(self) -> None:
        pending = [("", self._h5)]
        total = 0
        while pending:
            path, item = pending.pop()
            if isinstance(item, self._library.Dataset):
                self.arrays[path] = array = self._array(path, item)
                total += 0 if array.same_as is not None else array.dtype.bits * math.prod(array.shape) // 8
            else:
                self._check_group(path, item)
                self.groups.append(path)
                pending.extend(reversed(self._children(path, item)))
            if len(self._objects) > self._limits.max_units:
                raise LimitExceededError(f"more objects than max_units {self._limits.max_units}")
        if total > self._limits.max_output_bytes:
            raise LimitExceededError(f"{total} bytes of arrays exceed max_output_bytes {self._limits.max_output_bytes}")

    def _children(self, path: str, group: Any) -> list[tuple[str, Any]]:
        children = []
        for name in sorted(group, key=_order):
            child = f"{path}/{name}" if path else name
            if len(child.encode("utf-8", "surrogatepass")) > self._limits.max_string_bytes:
                raise LimitExceededError(f"a path beyond max_string_bytes {self._limits.max_string_bytes}")
            link = group.get(name, getlink=True)
            if not isinstance(link, self._library.HardLink):
                raise UnsupportedError(f"{child!r} is a link to something elsewhere, which is not followed")
            item = group[name]
            if not isinstance(item, (self._library.Group, self._library.Dataset)):
                raise UnsupportedError(f"{child!r} is neither a group nor an array")
            children.append((child, item))
        return children

    def _check_group(self, path: str, group: Any) -> None:
        """A group that is met again would be walked for ever, or many times."""
        if self._objects.setdefault(self._identity(group), path) != path:
            raise MalformedError(f"group {path!r} lies in two places")
        if path.count("/") > MAX_DEPTH:
            raise LimitExceededError(f"groups more than {MAX_DEPTH} deep")

    def _identity(self, item: Any) -> Any:
        return self._library.h5o.get_info(item.id).addr

    def _array(self, path: str, item: Any) -> Array:
        first = self._objects.setdefault(self._identity(item), path)
        if first != path:
            known = self.arrays[first]
            return Array(path, known.dtype, known.shape, first)
        shape = item.shape
        if shape is None:
            raise UnsupportedError(f"array {path!r} has no shape")
        dtype = self._dtype(path, item)
        self._check_storage(path, item)
        if len(shape) > self._limits.max_rank or item.size > self._limits.max_elements:
            raise LimitExceededError(f"array {path!r} of shape {shape} exceeds max_rank or max_elements")
        return Array(path, dtype, tuple(map(int, shape)), None)

    def _dtype(self, path: str, item: Any) -> DType:
        kind = item.dtype
        if kind.kind == "V" and kind.fields is None and kind.subdtype is None:
            # Keras stores bfloat16 as blocks of two bytes and says so beside them.
            if kind.itemsize == 2 and self.text(path, "dtype") == "bfloat16":
                return from_name("BFLOAT16")
            raise UnsupportedError(f"array {path!r} of blocks of {kind.itemsize} bytes, whose type is not known")
        try:
            return dtype_of(kind)
        except ArgumentError as error:
            raise UnsupportedError(f"array {path!r}: {error.message}") from None

    def _check_storage(self, path: str, item: Any) -> None:
        """Before anything is allocated."""
        properties = item.id.get_create_plist()
        if item.is_virtual or properties.get_external_count():
            raise UnsupportedError(f"array {path!r} is stored in other files, which are not read")
        filters = [properties.get_filter(number)[0] for number in range(properties.get_nfilters())]
        if not FILTERS.keys() >= set(filters):
            raise UnsupportedError(f"array {path!r} is coded with filters {filters}")
        stored, size = item.id.get_storage_size(), item.size * item.dtype.itemsize
        if (item.chunks is None or not filters) and stored < size:
            raise InconsistentError(f"array {path!r} of {size} bytes has {stored} in the file")
        if size > max(FREE_BYTES, self._limits.max_expansion * stored):
            raise LimitExceededError(
                f"array {path!r}: {size} bytes in {stored} exceed max_expansion {self._limits.max_expansion}"
            )
        chunk = math.prod(item.chunks or ()) * item.dtype.itemsize
        if chunk > max(FREE_BYTES, size):
            raise LimitExceededError(f"array {path!r} of {size} bytes has chunks of {chunk}")

    def text(self, path: str, name: str) -> str | None:
        """An attribute of a group or array that is one text, or None.

        Raises:
            AimcError: it is damaged, no UTF-8, or too long.
        """
        with _typed():
            item = self._h5[path] if path else self._h5
            if name not in item.attrs:
                return None
            value = item.attrs[name]
        value = value.decode("utf-8", "strict") if isinstance(value, bytes) else value
        if not isinstance(value, str):
            return None
        if len(value) > MAX_TEXT_BYTES:
            raise LimitExceededError(f"attribute {name!r} of {path!r} has more than {MAX_TEXT_BYTES} characters")
        return value

    def read(self, path: str) -> NDArray[Any]:
        """The elements of an array, least significant byte first."""
        array = self.arrays[path]
        with _typed():
            values: NDArray[Any] = np.asarray(self._h5[path][()])
        if values.dtype.kind == "V":
            values = values.view(array.dtype.numpy)
        if values.dtype.kind == "b" and values.size and int(values.view(np.uint8).max()) > 1:
            raise OutOfRangeError(f"array {path!r}: a BOOL is neither 0 nor 1")
        return values.astype(array.dtype.numpy, copy=False).reshape(array.shape)

    def close(self) -> None:
        """No more reads."""
        self._h5.close()
        self._file.close()


def _order(name: str) -> tuple[int, int, str]:
    """Numbers by value, before other names."""
    return (0, int(name), name) if name.isascii() and name.isdigit() and len(name) < 19 else (1, 0, name)


@contextmanager
def _typed() -> Iterator[None]:
    """What the library raises for bad files; that they can be read at all is known before."""
    try:
        yield
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, OverflowError, IndexError, AttributeError) as error:
        raise MalformedError(f"an HDF5 file that cannot be read: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
