"""Random tensors under random coding options: one encoder writes, our decoder and NNCodec read, bit for bit.

    python tests/differential/nncodec_random.py --encoder ours --count 2000

A case depends on its number alone, so that `--first N --count 1` repeats case N. Needs NNCodec in an interpreter of its
own, named by AIMC_NNCODEC_PYTHON.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

import aimcodec as aimc

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
from nncodec_client import ABSENT, Peer, PeerError, interpreter

Tensors = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Case:
    """What to encode and how; `options` are keywords of aimcodec.nnc.encode."""

    number: int
    tensors: Tensors
    options: dict[str, Any]
    isa: str

    @property
    def description(self) -> str:
        shapes = ", ".join(f"{tensor.dtype}{list(tensor.shape)}" for tensor in self.tensors.values())
        return f"case {self.number} ({self.isa}): {shapes}; {self.options}"


def draw_case(number: int) -> Case:
    rng = np.random.default_rng(number)
    density = int(rng.choice([0, 1, 2, 2, 2, 3, 5, 7]))
    options = {
        "qp": draw_qp(rng, density),
        "nonweight_qp": draw_qp(rng, density),
        "qp_density": density,
        "dq": bool(rng.random() < 0.5),
        "codebook": str(rng.choice(["off", "off", "auto", "on"])),
        "cabac_unary_length": int(rng.choice([1, 2, 3, 6, 11, 11, 11, 31, 256])),
        "scan_order": int(rng.choice([0, 0, 0, 1, 2, 3, 4])),
        "row_skipping": [False, True, "auto"][rng.integers(3)],
        "parameter_search": bool(rng.random() < 0.5),
        "threads": int(rng.integers(1, 3)),
    }
    return Case(number, draw_tensors(rng, options), options, str(rng.choice(aimc.available_isas())))


def draw_qp(rng: np.random.Generator, density: int) -> int:
    """A QP whose step size lies between 2^-12 and 2."""
    return int(rng.integers(-12, 1)) * 2**density + int(rng.integers(2**density))


def step_size(qp: int, density: int) -> float:
    """Section 11.1."""
    k = 2**density
    return float((k + (qp & (k - 1))) * 2.0 ** ((qp >> density) - density))


def draw_tensors(rng: np.random.Generator, options: dict[str, Any]) -> Tensors:
    """One to four shapes; sometimes many tensors of one shape, as the layers of a model are."""
    tensors: Tensors = {}
    for group in range(int(rng.integers(1, 5))):
        shape = draw_shape(rng)
        siblings = int(rng.integers(2, 36)) if rng.random() < 0.2 else 1
        for sibling in range(siblings):
            name = f"{rng.choice(['w', 'lagé', '层', 'a.b/c d'])}.{group}.{sibling}"
            if rng.random() < 0.15:
                tensors[name] = draw_integers(rng, shape)
            else:
                qp = options["qp"] if len(shape) > 1 else options["nonweight_qp"]
                tensors[name] = draw_floats(rng, shape, step_size(qp, options["qp_density"]))
    return tensors


def draw_shape(rng: np.random.Generator) -> tuple[int, ...]:
    limit = 2.0 ** rng.uniform(0, 14 if rng.random() < 0.1 else 9)
    rank = int(rng.integers(1, 5))
    shares = rng.dirichlet(np.ones(rank))
    return tuple(max(1, round(limit**share)) for share in shares)


def draw_floats(rng: np.random.Generator, shape: tuple[int, ...], step: float) -> npt.NDArray[np.float32]:
    spread = step * 2.0 ** rng.uniform(-3, 8)
    values = rng.laplace(0, spread, shape) if rng.random() < 0.5 else rng.normal(0, spread, shape)
    if rng.random() < 0.3:
        values[rng.random(shape[0]) < 0.5] = 0  # rows that can be skipped
    if rng.random() < 0.2:
        values = np.abs(values)
    if rng.random() < 0.2:
        values = spread * np.round(values / spread)  # few distinct values
    return values.astype(np.float32)


def draw_integers(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.int32]:
    bound = 2 ** int(rng.integers(0, 32)) - 1
    return rng.integers(-bound - 1, bound, shape, dtype=np.int32, endpoint=True)


def peer_options(case: Case) -> dict[str, Any]:
    """The options as keywords of nnc.compress, without two combinations.

    NNCodec fails on a single row or column in blocks (section 13.3), and tries every zero offset of a codebook by a
    whole encoding, which takes minutes for a large tensor.
    """
    options = case.options
    single = any(tensor.size in (tensor.shape[0], tensor[0].size) for tensor in case.tensors.values())
    small = all(tensor.size <= 200 for tensor in case.tensors.values())
    return {
        "qp": options["qp"],
        "nonweight_qp": options["nonweight_qp"],
        "qp_density": options["qp_density"],
        "use_dq": options["dq"],
        "codebook_mode": ["off", "on", "auto"].index(options["codebook"]) if small else 0,
        "cabac_unary_length_minus1": options["cabac_unary_length"] - 1,
        "scan_order": 0 if single else options["scan_order"],
        "row_skipping": options["row_skipping"] is not False,
        "param_opt": options["parameter_search"],
    }


class MismatchError(Exception):
    """The decoders differ, or the result is not what was encoded."""


class Bench:
    """Runs cases against one NNCodec process, through files in `directory`."""

    def __init__(self, peer: Peer, directory: Path) -> None:
        self.peer = peer
        self.original = directory / "original.safetensors"
        self.stream = directory / "stream.nnc"
        self.decoded = directory / "decoded.safetensors"

    def encode_ours(self, case: Case) -> None:
        aimc.set_isa(case.isa)
        self.stream.write_bytes(aimc.nnc.encode(case.tensors, **case.options))

    def encode_peer(self, case: Case) -> None:
        save_file(case.tensors, self.original)
        self.peer.encode(self.original, self.stream, **peer_options(case))

    def compare(self, case: Case) -> Tensors:
        """Decode with both; return our tensors."""
        aimc.set_isa(case.isa)
        ours = aimc.nnc.decode(self.stream.read_bytes(), threads=case.options["threads"])
        self.peer.decode(self.stream, self.decoded)
        theirs = load_file(self.decoded)
        if ours.keys() != case.tensors.keys() or theirs.keys() != case.tensors.keys():
            raise MismatchError(f"names: ours {sorted(ours)}, theirs {sorted(theirs)}")
        for name, tensor in ours.items():
            require_equal(name, tensor, theirs[name])
        return ours


def require_equal(name: str, ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> None:
    """Same type, shape and bits; NNCodec returns codebook tensors in binary64 where we return binary32."""
    if theirs.dtype == np.float64:
        theirs = theirs.astype(np.float32)
    if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
        raise MismatchError(f"{name}: ours {ours.dtype}{ours.shape}, theirs {theirs.dtype}{theirs.shape}")
    if ours.tobytes() != theirs.tobytes():
        raise MismatchError(f"{name}: {np.count_nonzero(ours != theirs)} of {ours.size} elements differ")


def require_close(case: Case, decoded: Tensors) -> None:
    """Integers come back exactly, floats as near as the quantiser should: two decoders may agree on nonsense.

    Dependent quantization may leave the nearest point, but its mean error stays near that of a uniform quantiser of
    nearly twice the step; over 200 or more elements NNCodec's stays below 0.53 steps RMS.
    """
    for name, original in case.tensors.items():
        if original.dtype == np.int32:
            require_equal(name, decoded[name], original)
            continue
        qp = case.options["qp"] if original.ndim > 1 else case.options["nonweight_qp"]
        step = step_size(qp, case.options["qp_density"])
        errors = np.abs(decoded[name].astype(np.float64) - original) / step
        if errors.max() > (2 if case.options["dq"] else 0.5001):
            raise MismatchError(f"{name}: off by {errors.max():.3f} steps")
        if errors.size >= 200 and np.sqrt(np.mean(np.square(errors))) > 0.55:
            raise MismatchError(f"{name}: off by {np.sqrt(np.mean(np.square(errors))):.3f} steps RMS")


def run(encoder: str, numbers: range) -> int:
    """Run the cases and return how many were compared; MismatchError names the first that fails.

    With encoder "peer", cases that NNCodec refuses to encode are left out.
    """
    compared = 0
    with Peer() as peer, tempfile.TemporaryDirectory() as directory:
        bench = Bench(peer, Path(directory))
        for case in map(draw_case, numbers):
            try:
                if encoder == "ours":
                    bench.encode_ours(case)
                    require_close(case, bench.compare(case))
                else:
                    try:
                        bench.encode_peer(case)
                    except PeerError:
                        continue
                    bench.compare(case)
            except (MismatchError, PeerError, aimc.AimcError) as error:
                raise MismatchError(f"{case.description}: {type(error).__name__}: {error}") from error
            compared += 1
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", choices=["ours", "peer"], default="ours")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    arguments = parser.parse_args()
    if interpreter() is None:
        sys.exit(f"skipped: {ABSENT}")
    numbers = range(arguments.first, arguments.first + arguments.count)
    print(f"{run(arguments.encoder, numbers)} of {len(numbers)} cases compared, all equal")


if __name__ == "__main__":
    main()
