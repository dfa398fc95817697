"""Where the bits of a file go: every bit in exactly one share."""

from __future__ import annotations

from dataclasses import dataclass, field

from aimcodec.bits import Buffer
from aimcodec.coding.nnc.payloads import References
from aimcodec.errors import AimcError
from aimcodec.inspect.kinds import is_package
from aimcodec.inspect.stats_bins import bin_shares
from aimcodec.inspect.stats_blocks import block_shares
from aimcodec.inspect.stats_model import ContextShare, PlaneShare, Share, TensorShare
from aimcodec.inspect.stats_units import CodedUnit, package_units, stream_units
from aimcodec.inspect.tree import Node, read_tree
from aimcodec.limits import DEFAULT_LIMITS, Limits

__all__ = ["Stats", "statistics"]

FILLING = ("padding", "align")


@dataclass
class Stats:
    """A file. The bits of `shares` add up to `bits` exactly, and so do those of `tensors`.

    Attributes:
        bits: of the file.
        shares: by kind.
        tensors: by tensor, in the order of the file.
        contexts: of the bins of NNC, by tensor and context.
        planes: of lossless blocks, by tensor and part of its blocks.
        errors: what is wrong with the file.
    """

    bits: int
    shares: list[Share] = field(default_factory=list)
    tensors: list[TensorShare] = field(default_factory=list)
    contexts: list[ContextShare] = field(default_factory=list)
    planes: list[PlaneShare] = field(default_factory=list)
    errors: list[AimcError] = field(default_factory=list)


def statistics(data: Buffer, *, references: References | None = None, limits: Limits = DEFAULT_LIMITS) -> Stats:
    """Where the bits of a package or stream go, damaged or not. Payloads are decoded.

    Args:
        data: the file.
        references: what earlier updates left, for an update with temporal contexts or history.
        limits: what may be spent on it; what they do not allow is not looked into.
    """
    return _Counter(data, references or References(), limits).stats


class _Counter:
    def __init__(self, data: Buffer, references: References, limits: Limits) -> None:
        tree = read_tree(data, limits=limits)
        self.stats = Stats(8 * memoryview(data).nbytes, errors=list(tree.errors))
        self._references = references
        self._shares: dict[tuple[str, str], Share] = {}
        units = package_units(data, limits) if is_package(data) else stream_units(data, limits)
        for root in tree.roots:
            self._unit(root, units.get(root.path))
        self.stats.shares = list(self._shares.values())

    def _add(self, group: str, name: str, count: int, bits: float) -> None:
        share = self._shares.setdefault((group, name), Share(group, name))
        share.count += count
        share.bits += bits

    def _unit(self, root: Node, coded: CodedUnit | None) -> None:
        payload = 0
        for node in root.walk():
            record = node.record
            if record is None:
                continue
            base = node.name.partition("[")[0]
            if record.status == "payload":
                payload += record.bit_length
                if coded is None:
                    self._add("payloads", base, 1, record.bit_length)
            elif record.status == "gap":
                self._add("not readable", "gap", 1, record.bit_length)
            elif record.descriptor in FILLING:
                self._add("padding", base, 1, record.bit_length)
            elif record.bit_length:
                self._add("headers", base, 1, record.bit_length)
        rest = root.bit_length - payload
        if coded is not None and payload:
            self._payload(root.path, coded, rest, payload)
        else:
            self.stats.tensors.append(TensorShare(root.path, None, 0, rest, payload))

    def _payload(self, path: str, coded: CodedUnit, rest: int, payload: int) -> None:
        """The payload of a unit with tensors."""
        found = block_shares(coded) if coded.blocks else bin_shares(coded, self._references)
        self.stats.planes += found.planes
        self.stats.contexts += found.contexts
        self.stats.errors += found.errors
        for name, count, bits in found.parts:
            self._add("payloads", name, count, bits)
        if len(coded.tensors) == 1:
            ((name, elements),) = coded.tensors.items()
            self.stats.tensors.append(TensorShare(path, name, elements, rest, payload))
            return
        for name, elements in coded.tensors.items():
            self.stats.tensors.append(TensorShare(path, name, elements, 0, found.tensors.get(name, 0)))
        own = sum(found.tensors.values())
        self.stats.tensors.append(TensorShare(path, None, 0, rest, payload - own))
