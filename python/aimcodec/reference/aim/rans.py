"""Entropy coding (clause 7.4)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ...errors import AimcError, InconsistentError, MalformedError, OutOfRangeError
from .little_endian import CodedReader

__all__ = ["Model", "decode_symbols", "read_model"]

STATES = {0: 4, 1: 256, 2: 64, 3: 128}


@dataclass(frozen=True)
class Model:
    """What stands before the states.

    Attributes:
        states: their number N.
        symbols: byte values, ascending.
        frequencies: slots of each symbol.
        escape_frequency: slots of the escape, 0 without one.
        escape_count: bytes of the plane of escapes, 0 without one.
    """

    states: int
    symbols: bytes
    frequencies: bytes
    escape_frequency: int
    escape_count: int

    def slots(self) -> list[tuple[int, int, int | None]]:
        """Frequency, start and symbol of the owner of each of the 256 slots; None is the escape."""
        owners: list[tuple[int, int, int | None]] = []
        for symbol, frequency in zip(self.symbols, self.frequencies, strict=True):
            owners += [(frequency, len(owners), symbol)] * frequency
        return owners + [(self.escape_frequency, len(owners), None)] * self.escape_frequency


def read_model(r: CodedReader, m: int) -> Model:
    """The elements from state_code to escape_count; m is the number of bytes that will be decoded."""
    offset = r.position

    def broken(kind: type[AimcError], message: str, name: str) -> AimcError:
        return kind(message, bit_offset=8 * offset, path=r.element_path(name))

    state_code = r.number(1, "state_code")
    if state_code not in STATES:
        raise broken(OutOfRangeError, f"state_code {state_code}", "state_code")
    symbol_count = r.number(1, "symbol_count")
    symbols = r.bytes(symbol_count, "symbol")
    if any(a >= b for a, b in pairwise(symbols)):
        raise broken(MalformedError, "symbols do not ascend", "symbol")
    frequencies = r.bytes(symbol_count, "frequency")
    if 0 in frequencies:
        raise broken(OutOfRangeError, "a frequency of 0", "frequency")
    escape_frequency = r.number(1, "escape_frequency")
    if sum(frequencies) + escape_frequency != 256:
        raise broken(InconsistentError, f"frequencies add up to {sum(frequencies) + escape_frequency}", "frequency")
    escape_count = r.number(4, "escape_count") if escape_frequency else 0
    if escape_count > m:
        raise broken(InconsistentError, f"{escape_count} escapes for {m} bytes", "escape_count")
    return Model(STATES[state_code], symbols, frequencies, escape_frequency, escape_count)


def decode_symbols(r: CodedReader, m: int, model: Model, escapes: bytes) -> bytes:
    """The states, the m bytes, and what shall hold after the last of them."""
    offset = r.position
    state = [r.number(2, f"state[{j}]") for j in range(model.states)]
    for j, x in enumerate(state):
        if x < 256:
            raise OutOfRangeError(f"state {x}", bit_offset=8 * offset + 16 * j, path=r.element_path(f"state[{j}]"))
    slots = model.slots()
    result = bytearray()
    taken = 0
    for i in range(m):
        x = state[i % model.states]
        frequency, start, symbol = slots[x & 255]
        if symbol is None:
            if taken == len(escapes):
                raise InconsistentError("more escapes are taken than given", path=r.element_path("escape_count"))
            symbol = escapes[taken]
            taken += 1
        result.append(symbol)
        x = frequency * (x >> 8) + (x & 255) - start
        if x < 256:
            x = x << 8 | r.number(1, "renormalisation byte")
        state[i % model.states] = x
    if any(x != 256 for x in state):
        raise InconsistentError("a state is not 256 after the last byte", path=r.element_path("state"))
    if taken != len(escapes):
        raise InconsistentError(f"{len(escapes) - taken} escapes are not taken", path=r.element_path("escape_count"))
    r.expect_end()
    return bytes(result)
