"""The text form of structures: for people to read, and lossless. The grammar is in docs/graphs.md."""

from __future__ import annotations

from aimcodec.errors import UnsupportedError
from aimcodec.model.structures import Contributor, Function, Graph, ModelStructure
from aimcodec.model.text.cursor import Cursor, Token
from aimcodec.model.text.print_graph import VERSION, Printer
from aimcodec.model.text.read_graph import read_function, read_graph, read_operator_set
from aimcodec.model.text.read_types import read_clauses

__all__ = ["from_text", "graph_to_text", "to_text"]


def to_text(structure: ModelStructure) -> str:
    """A structure as text; no character of it is invisible or works on a terminal.

    Raises:
        ArgumentError: a value is not of the kind that its structure says.
        LimitExceededError: graphs or types are in each other more than 64 deep.
    """
    printer = Printer()
    printer.model(structure)
    return printer.text


def graph_to_text(graph: Graph | Function) -> str:
    """One graph or function as text; errors as of `to_text`."""
    printer = Printer()
    if isinstance(graph, Function):
        printer.function(graph)
    else:
        printer.graph(graph)
    return printer.text + "\n"


def from_text(text: str) -> ModelStructure:
    """The structure that `to_text` wrote, or a person.

    Raises:
        MalformedError: not the grammar; the message begins with line and column.
        LimitExceededError: graphs or types are in each other more than 64 deep.
        UnsupportedError: another version of the grammar.
    """
    cursor = Cursor(text)
    _read_version(cursor)
    structure = ModelStructure(Graph())
    seen: set[str] = set()
    while "graph" not in seen:
        token = cursor.ahead
        if token.text in seen:
            cursor.fail("a second one", token)
        if token.text not in {"contributor", "operators", "function"}:
            seen.add(token.text)
        _read_statement(cursor, structure, token)
    if cursor.ahead.kind != "end":
        cursor.fail("expected nothing after the graph")
    return structure


def _read_version(cursor: Cursor) -> None:
    cursor.expect("aim")
    cursor.expect("structure")
    version = cursor.integer()
    if version != VERSION:
        raise UnsupportedError(f"version {version} of the text form; this is {VERSION}")


def _read_statement(cursor: Cursor, structure: ModelStructure, token: Token) -> None:
    match token.text:
        case "graph":
            structure.graph = read_graph(cursor)
        case "function":
            structure.functions.append(read_function(cursor))
        case _:
            cursor.take()
            _read_fact(cursor, structure, token)


def _read_fact(cursor: Cursor, structure: ModelStructure, token: Token) -> None:
    match token.text:
        case "model":
            clauses = read_clauses(cursor)
            structure.documentation, structure.metadata = clauses["documentation"], clauses["metadata"]
        case "format":
            structure.format_version = cursor.integer()
        case "producer":
            structure.producer_name, structure.producer_version = cursor.string(), cursor.string()
        case "domain":
            structure.domain = cursor.string()
        case "version":
            structure.model_version = cursor.integer()
        case "contributor":
            structure.contributors.append(Contributor(*(cursor.string() for _ in range(4))))
        case "operators":
            structure.operator_sets.append(read_operator_set(cursor))
        case _:
            cursor.fail("expected a statement", token)
