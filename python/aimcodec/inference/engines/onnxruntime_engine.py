"""ONNX Runtime: parameters are handed over in memory.

The graph says of them that they are in a file that never exists. ONNX Runtime copies what it is given while the session
is made, so that the arrays are kept until then, and no longer.
"""

from __future__ import annotations

import math
import os
import tempfile
from typing import TYPE_CHECKING, Any

from aimcodec.dtypes import from_name, packed_bytes
from aimcodec.errors import UnsupportedError
from aimcodec.inference.engines.base import Capabilities, refuse
from aimcodec.inference.engines.custom import custom_of
from aimcodec.inference.engines.graphs import apart, proto_with, serialized
from aimcodec.inference.engines.libraries import library, version_of
from aimcodec.inference.engines.onnxruntime_errors import typed_errors
from aimcodec.inference.engines.onnxruntime_operators import check_operators, completed
from aimcodec.inference.engines.onnxruntime_session import SessionInstance
from aimcodec.inference.engines.onnxruntime_values import to_value
from aimcodec.model.structures import ModelStructure, Tensor
from aimcodec.model.walk import all_graphs, all_nodes
from aimcodec.operators.extensions import make_session
from aimcodec.operators.kernel_errors import kernel_errors

if TYPE_CHECKING:
    from aimcodec.inference.config import Config
    from aimcodec.inference.weights import Loading

__all__ = ["ENGINE"]

# Parameters below this size are inside the graph: shapes of other things may depend on them.
INSIDE_BYTES = 4096
SETTINGS = ("optimization", "disabled_passes", "threads", "parallel_nodes", "affinity", "profile", "engine_options")
DEVICES = {"CPUExecutionProvider": "cpu", "CUDAExecutionProvider": "cuda"}


class OnnxRuntimeEngine:
    """Makes sessions of ONNX Runtime."""

    def capabilities(self) -> Capabilities:
        """Devices are "cpu", "cuda", and the library's own names for other execution providers.

        Custom operators need onnxruntime-extensions.
        """
        version = version_of("onnxruntime")
        devices: tuple[str, ...] = ()
        if version:
            providers = library("onnxruntime").get_available_providers()
            devices = tuple(sorted(DEVICES.get(provider, provider) for provider in providers))
        settings = {*SETTINGS, *(["operators"] if version_of("onnxruntime-extensions") else [])}
        return Capabilities("onnxruntime", version, devices, frozenset(settings), stops=True, parallel_runs=True)

    def prepare(self, config: Config, structure: ModelStructure, loading: Loading) -> SessionInstance:
        """A session.

        Raises:
            AimcError: ONNX Runtime does not take the model; the message is its own.
            UnsupportedError: it does not have the operators of the model, or custom operators cannot be carried to it.
            ModuleNotFoundError: onnxruntime or onnx is not installed.
        """
        ort = library("onnxruntime")
        refuse(self.capabilities(), config)
        library("onnx")
        custom = custom_of(config.operators, structure)
        check_operators(structure, custom)
        if custom:
            if config.parallel_nodes > 1:
                raise UnsupportedError("engine onnxruntime has no parallel_nodes for models with custom operators")
            structure = completed(structure, custom)
        used = _used(structure)  # ONNX Runtime forgets others before it looks for what it was given
        outside = [tensor for tensor in apart(structure, _fits) if tensor.name in used]
        graph = serialized(proto_with(structure, outside, loading))
        values = {t.name: to_value(ort, loading.get(str(t.parameter)), t.element_type) for t in outside}

        def make(operators: str) -> Any:
            options = _options(ort, config)
            if operators:
                options.register_custom_ops_library(operators)
            if values:
                options.add_external_initializers(list(values), list(values.values()))
            return ort.InferenceSession(
                graph, options, providers=[_provider(config)], disabled_optimizers=list(config.disabled_passes)
            )

        with typed_errors("the model cannot be prepared"), kernel_errors(_never):
            session = make_session(config.operators, make, [*custom.values()]) if custom else make("")
        return SessionInstance(ort, session, structure, config.profile)


def _never() -> None:
    """Making a session cannot be ended."""


def _fits(tensor: Tensor) -> bool:
    """Whether the session is given the parameter by name: packed types cannot be given so."""
    dtype = from_name(tensor.element_type)
    size = packed_bytes(dtype, math.prod(tensor.shape))
    return not dtype.is_packed and size >= INSIDE_BYTES


def _used(structure: ModelStructure) -> set[str]:
    """Names of variables that something uses."""
    names = {name for node in all_nodes(structure) for name in node.inputs}
    return names | {variable.name for graph in all_graphs(structure) for variable in graph.outputs}


def _provider(config: Config) -> str:
    names = {device: provider for provider, device in DEVICES.items()}
    return names.get(config.device, config.device)


def _options(ort: Any, config: Config) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    levels = ort.GraphOptimizationLevel
    options.graph_optimization_level = {
        "none": levels.ORT_DISABLE_ALL,
        "basic": levels.ORT_ENABLE_BASIC,
        "extended": levels.ORT_ENABLE_EXTENDED,
        "all": levels.ORT_ENABLE_ALL,
    }[config.optimization]
    if config.threads is not None:
        options.intra_op_num_threads = config.threads
    if config.parallel_nodes > 1:
        options.execution_mode = ort.ExecutionMode.ORT_PARALLEL
        options.inter_op_num_threads = config.parallel_nodes
    if config.affinity:
        options.add_session_config_entry("session.intra_op_thread_affinities", config.affinity)
    if config.profile:
        options.enable_profiling = True
        options.profile_file_prefix = os.path.join(tempfile.mkdtemp(prefix="aimcodec-"), "nodes")
    for name, value in config.engine_options.items():
        with typed_errors(f"engine option {name!r}"):
            options.add_session_config_entry(name, value)
    return options


ENGINE = OnnxRuntimeEngine()
