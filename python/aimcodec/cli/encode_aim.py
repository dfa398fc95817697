"""aimc encode to a package."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aimcodec.bridges.model import Model
from aimcodec.cli.files import read_stream
from aimcodec.cli.models import PackageModel, open_model
from aimcodec.cli.nnc_options import NncOptions
from aimcodec.cli.output import print_json, ratio_text
from aimcodec.cli.packages import copy_beside, copy_structure, opened
from aimcodec.cli.report import about, shown_path
from aimcodec.cli.write_files import tell_losses
from aimcodec.cli.write_model import Coding, write_model
from aimcodec.errors import ArgumentError
from aimcodec.package import Writer

__all__ = ["PackageOptions", "encode_package"]


@dataclass(frozen=True)
class PackageOptions:
    """What `aimc encode` is told about a package."""

    coding: Coding = Coding.LOSSLESS
    nnc: NncOptions = field(default_factory=NncOptions)
    metadata: Sequence[str] = ()
    license_expression: str | None = None
    assets: Sequence[Path] = ()


def encode_package(source: str, output: Path, options: PackageOptions, threads: int | None, json: bool) -> None:
    """Write a package, and print what came of it."""
    metadata = _texts(options.metadata)
    start = time.perf_counter()
    with (
        about(source, stream=False),
        open_model(source, threads=threads) as model,
        about(output, stream=False),
        Writer(output, threads=threads) as writer,
    ):
        _write_beside(writer, model, metadata, options)
        losses = [] if isinstance(model, PackageModel) else tell_losses(model.losses)
        counts = write_model(writer, source, model, options.coding, options.nnc, "", threads)
        for variant in model.package.variants[1:] if isinstance(model, PackageModel) else []:
            with opened(source, variant=variant.name, threads=threads) as found:
                copy_structure(found.package, writer)
                other = PackageModel(found)
                counts += write_model(writer, source, other, options.coding, options.nnc, variant.name, threads)
    seconds = time.perf_counter() - start
    size = output.stat().st_size
    ratio = size / counts.memory if counts.memory else None
    record = {
        "output": str(output),
        "bytes": size,
        "tensors": counts.tensors,
        "elements": counts.elements,
        "memory_bytes": counts.memory,
        "ratio": ratio,
        "seconds": seconds,
        "mb_per_second": counts.memory / seconds / 1e6,
        "losses": losses,
    }
    if json:
        print_json(record)
    else:
        what = f"{size:,} bytes, {counts.tensors:,} tensors of {counts.memory:,} bytes{ratio_text(ratio)}"
        print(f"{shown_path(output)}: {what}, {seconds:.2f} s, {record['mb_per_second']:.1f} MB/s")


def _texts(arguments: Sequence[str]) -> dict[str, str]:
    """KEY=VALUE."""
    texts: dict[str, str] = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals:
            raise ArgumentError(f"--metadata {argument!r} is not of the form KEY=VALUE")
        if key in texts:
            raise ArgumentError(f"--metadata {key!r} is given twice")
        texts[key] = value
    return texts


def _write_beside(writer: Writer, model: Model, metadata: Mapping[str, str], options: PackageOptions) -> None:
    """Everything but tensors: what the model has, and what the options add or replace."""
    texts = {**model.metadata, **metadata}
    if texts:
        writer.add_metadata(texts)
    if isinstance(model, PackageModel):
        copy_beside(model.package, writer, licenses=options.license_expression is None)
    else:
        _write_other(writer, model)
    if options.license_expression is not None:
        writer.add_license(options.license_expression)
    for file in options.assets:
        with about(file, stream=False):
            data = read_stream(file)
        writer.add_asset(file.name, data, mimetypes.guess_type(file.name)[0] or "")


def _write_other(writer: Writer, model: Model) -> None:
    """What a model that is no package has beside tensors."""
    for name, (media_type, data) in model.assets.items():
        writer.add_asset(name, data, media_type)
    if model.structure is not None:
        writer.set_model(model.structure)
