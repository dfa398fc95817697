"""aimc diff."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aimcodec.bridges.model import Model, TensorsOnly
from aimcodec.cli.diff_structure import structure_lines, structure_record
from aimcodec.cli.diff_tensors import NamedDiff, compare_models, tensor_lines, tensor_record
from aimcodec.cli.files import map_file
from aimcodec.cli.formats import Format, format_of
from aimcodec.cli.models import open_model
from aimcodec.cli.output import print_json, print_lines, width
from aimcodec.cli.report import CommandError, ExitCode, about, error_text, exit_code, note
from aimcodec.errors import ArgumentError
from aimcodec.inspect import Tree, read_tree
from aimcodec.inspect.diff import StructureDiff, diff_trees

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["diff"]

WITH_ELEMENTS = (Format.AIM, Format.NNC)


class Part(str, Enum):
    """What is compared."""

    STRUCTURE = "structure"
    TENSORS = "tensors"


def diff(
    first: Annotated[Path, typer.Argument(metavar="A", help="A package, stream, safetensors or npz file.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another; of any of these formats.")],
    *,
    only: Annotated[Part | None, typer.Option(help="Compare only this.")] = None,
    threads: Annotated[int | None, typer.Option(help="As many as the process may use by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compares two models: units and elements where both are of one format that has them, and the values of tensors.

    Units belong together by what they are about. The exit code is 0 if nothing differs (of tensors: no value), 1 if
    something does, and 3 if one of the files is damaged, of which the readable part is compared. Of packages the
    tensors of the unnamed variant are compared.
    """
    trees = _trees(first, second, only)
    structure = trees and diff_trees(*trees)
    tensors: list[NamedDiff] | None = None
    failure: CommandError | None = None
    if only is not Part.STRUCTURE:
        try:
            tensors = _tensors(first, second, threads)
        except CommandError as error:  # the elements are shown all the same
            failure = error
    if json:
        _print_json(structure, tensors)
    else:
        _print(structure, trees, tensors)
    _end(list(zip((first, second), trees or (), strict=False)), failure)
    if (structure and not structure.is_same) or not all(tensor.is_same for tensor in tensors or ()):
        raise typer.Exit(ExitCode.DIFFERENT)


def _trees(first: Path, second: Path, only: Part | None) -> tuple[Tree, Tree] | None:
    """The elements of both files, if they are of one format that has any and are to be compared."""
    with about(first):
        kind = format_of(str(first))
    with about(second):
        other = format_of(str(second))
    if only is Part.TENSORS or kind is not other or kind not in WITH_ELEMENTS:
        if only is Part.STRUCTURE:
            raise ArgumentError("only two packages, or two NNC streams, have elements to compare")
        return None
    return _tree(first), _tree(second)


def _tree(file: Path) -> Tree:
    with about(file):
        return read_tree(map_file(file))


class _Named(TensorsOnly):
    """A model whose errors name its file."""

    def __init__(self, file: Path, model: Model) -> None:
        self._file = file
        self._model = model
        self.metadata = model.metadata
        self.tensors = model.tensors
        self.release = model.release
        self.close = model.close

    def read(self, name: str) -> NDArray[Any]:
        """A tensor."""
        with about(self._file):
            return self._model.read(name)


@contextmanager
def _named(file: Path, threads: int | None) -> Iterator[Model]:
    with about(file), open_model(str(file), threads=threads) as model:
        yield _Named(file, model)


def _tensors(first: Path, second: Path, threads: int | None) -> list[NamedDiff]:
    with _named(first, threads) as one, _named(second, threads) as other:
        return compare_models(one, other)


def _print_json(structure: StructureDiff | None, tensors: list[NamedDiff] | None) -> None:
    print_json(
        {
            "structure": None if structure is None else structure_record(structure),
            "tensors": None if tensors is None else [tensor_record(tensor) for tensor in tensors],
        }
    )


def _print(structure: StructureDiff | None, trees: tuple[Tree, Tree] | None, tensors: list[NamedDiff] | None) -> None:
    if structure is not None and trees is not None:
        print_lines(structure_lines(structure, trees, width()))
    if structure is not None and tensors is not None:
        print()
    if tensors is not None:
        print_lines(tensor_lines(tensors, width()))


def _end(trees: list[tuple[Path, Tree]], failure: CommandError | None) -> None:
    """Says what is wrong with the files, and ends if anything is."""
    errors = [(file, error) for file, tree in trees for error in tree.errors]
    for file, error in errors:
        note(f"{file}: {error_text(file, error)}")
    if failure is not None:
        raise failure
    if errors:
        raise typer.Exit(max(exit_code(error) for _, error in errors))
