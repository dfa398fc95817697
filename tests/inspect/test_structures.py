"""Structures of models in the inspector: their elements by name, meaning and clause, like those of any other unit."""

from __future__ import annotations

import io
from dataclasses import replace

import aimcodec
from aimcodec.inspect import Node, diff_trees, read_tree, statistics
from aimcodec.inspect.render import place_lines, tree_lines
from aimcodec.model import (
    Attribute,
    AttributeKind,
    Dimension,
    Graph,
    ModelStructure,
    OperatorNode,
    Tensor,
    TensorType,
    VariableNode,
)

STRUCTURE = ModelStructure(
    Graph(
        "main",
        [OperatorNode("Conv", ["x", "w"], ["y"], [Attribute("strides", AttributeKind.INTS, [2, -1])], "first")],
        [VariableNode("x", TensorType("FLOAT32", (Dimension(symbol="N"), Dimension(3))))],
        parameters=[Tensor("w", "INT4", (2,), data=b"\x21")],
    )
)
INSIDE = "units[1].structure_payload.graph"


def package(structure: ModelStructure) -> bytes:
    file = io.BytesIO()
    with aimcodec.Writer(file) as writer:
        writer.set_model(structure)
    return file.getvalue()


def leaves(data: bytes) -> dict[str, Node]:
    return {node.path: node for root in read_tree(data).roots for node in root.walk() if node.record is not None}


def test_elements_have_values_and_clauses() -> None:
    found = leaves(package(STRUCTURE))
    expected = {
        f"{INSIDE}.graph_name": ("main", "14.3"),
        f"{INSIDE}.nodes[0].operator": ("Conv", "14.5"),
        f"{INSIDE}.nodes[0].node_input[1]": ("w", "14.5"),
        f"{INSIDE}.nodes[0].attributes[0].int[1]": (-1, "14.6"),
        f"{INSIDE}.inputs[0].value_type.dimensions[0].dimension_symbol": ("N", "14.8"),
        f"{INSIDE}.inputs[0].value_type.dimensions[1].dimension_value": (3, "14.8"),
        f"{INSIDE}.parameters[0].data": (b"\x21", "14.9"),
    }
    for path, (value, clause) in expected.items():
        record = found[path].record
        assert record is not None
        assert (record.value, record.clause) == (value, clause)


def test_numbers_have_names() -> None:
    tree = read_tree(package(STRUCTURE))
    rows = [line.split() for line in tree_lines(tree, tree.roots, None, 200)]
    lines = {row[4]: " ".join(row) for row in rows if len(row) > 5}
    assert "7 INTS" in lines["attribute_type"]
    assert "11 FLOAT32" in lines["element_type"]
    assert "26 INT4" in lines["constant_type"]
    assert "1 TENSOR" in lines["type_code"]


def test_a_bit_of_a_structure() -> None:
    data = package(STRUCTURE)
    node = leaves(data)[f"{INSIDE}.nodes[0].operator"]
    lines = list(place_lines(read_tree(data), node.bit_offset + 9, 200))
    (line,) = (line for line in lines if line.startswith(">"))
    assert {"operator", "'Conv'", "14.5"} <= set(line.split())


def test_damage_is_shown_where_it_is() -> None:
    """A good file but for its structure: what follows the damage in the payload is one gap."""
    data = bytearray(package(STRUCTURE))
    node = leaves(bytes(data))[f"{INSIDE}.inputs[0].value_type.type_code"]
    data[node.bit_offset >> 3] = 77
    nodes = [node for root in read_tree(bytes(data)).roots for node in root.walk() if node.record is not None]
    assert sum(node.bit_length for node in nodes) == 8 * len(data)
    assert any(node.record is not None and node.record.status == "gap" for node in nodes)


def test_every_bit_is_counted() -> None:
    data = package(STRUCTURE)
    assert statistics(data).bits == 8 * len(data)


def test_models_differ_in_an_element() -> None:
    other = replace(STRUCTURE, graph=replace(STRUCTURE.graph, name="Main"))
    difference = diff_trees(read_tree(package(STRUCTURE)), read_tree(package(other)))
    assert "graph_name" in repr(difference)
