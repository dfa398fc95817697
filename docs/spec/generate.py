"""Writes the generated tables of the texts from aimcodec.syntax; `--check` only says if they are current."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aimcodec.syntax.aim import beside, index, nnc, structure, structure_types, tensor, unit
from aimcodec.syntax.document import Row, document
from aimcodec.syntax.nnc import codebook, data_unit, parameter_sets, performance_maps, topology
from aimcodec.syntax.nnc import unit as nnc_unit
from aimcodec.syntax.nnc.context import StreamContext

HERE = Path(__file__).parent
TABLE = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

RESERVED_TYPE = 128  # whose header and payload are bytes
DESCRIPTORS = {
    "typed_header": "b(unit_header_size - 30)",
    "payload": "b(payload_size)",
    "nnr_unit_size": "u(15) or, if nnr_unit_size_flag, u(31)",
    "codebook_delta_left": "ue(codebook_egk)",
    "codebook_delta_right": "ue(codebook_egk)",
}
Structure = Callable[..., Any]
ARGUMENTS: dict[Structure, tuple[Any, ...]] = {
    tensor.tensor_header: (None,),
    structure.graph: (0, 1),
    structure.function: (0,),
    structure.operator_node: (0, 1),
    structure.attribute: (0, 1),
    structure.variable: (0, 1),
    structure_types.value_type: (0, 1),
    structure_types.tensor: (0,),
    structure_types.sparse_tensor: (0,),
    nnc_unit.nnr_unit: (StreamContext(),),
    parameter_sets.nnr_model_parameter_set_unit_payload: (StreamContext(),),
    topology.nnr_topology_unit_payload: (0,),
    data_unit.nnr_compressed_data_unit_header: (StreamContext(),),
}
KEYWORDS: dict[Structure, dict[str, Any]] = {topology.topology_elements_ids_list: {"indexed": False}}

AIM: tuple[Structure, ...] = (
    unit.aim_unit,
    beside.package_header,
    beside.variant_header,
    beside.metadata_payload,
    beside.contributors_payload,
    beside.license_header,
    beside.asset_header,
    beside.structure_header,
    beside.evaluation_payload,
    tensor.tensor_header,
    tensor.alias_header,
    nnc.nnc_unit_header,
    nnc.nnc_data_header,
    index.index_payload,
    index.end_header,
    structure.structure_payload,
    structure.graph,
    structure.function,
    structure.operator_node,
    structure.attribute,
    structure.variable,
    structure_types.value_type,
    structure_types.tensor,
    structure_types.sparse_tensor,
)
NNC: tuple[Structure, ...] = (
    nnc_unit.nnr_unit,
    parameter_sets.nnr_start_unit_header,
    parameter_sets.nnr_model_parameter_set_unit_payload,
    parameter_sets.nnr_layer_parameter_set_unit_header,
    parameter_sets.nnr_layer_parameter_set_unit_payload,
    performance_maps.sparsification_performance_map,
    performance_maps.pruning_performance_map,
    performance_maps.unification_performance_map,
    performance_maps.decomposition_performance_map,
    topology.nnr_topology_unit_header,
    topology.nnr_topology_unit_payload,
    topology.nnr_quantization_unit_header,
    topology.nnr_quantization_unit_payload,
    topology.topology_elements_ids_list,
    data_unit.nnr_compressed_data_unit_header,
    codebook.codebook,
)
TEXTS: dict[Path, tuple[Structure, ...]] = {HERE / "aim-bitstream.md": AIM, HERE / "nnc-bitstream.md": NNC}


def table(structure: Structure) -> str:
    """The table of a structure in Markdown."""
    arguments, keywords = ARGUMENTS.get(structure, ()), KEYWORDS.get(structure, {})
    rows = document(structure, {"unit_type": RESERVED_TYPE}, DESCRIPTORS, *arguments, **keywords)
    return "\n".join([f"| {structure.__name__} | descriptor |", "| --- | --- |", *map(line, rows)]) + "\n"


def line(row: Row) -> str:
    """A row in Markdown."""
    return f"| {'&emsp;' * row.depth}{row.text} | {row.descriptor} |"


def generated(text: str, structures: tuple[Structure, ...]) -> str:
    """The text with all its tables made anew."""
    tables = {structure.__name__: table(structure) for structure in structures}
    return TABLE.sub(lambda found: found[1] + tables[found[2]] + found[3], text)


def main() -> int:
    """Write or check; the exit code is 1 where a text is not current."""
    changed = False
    for path, structures in TEXTS.items():
        before = path.read_text("utf-8")
        after = generated(before, structures)
        changed |= before != after
        if "--check" not in sys.argv:
            path.write_text(after, "utf-8")
    return int(changed and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
