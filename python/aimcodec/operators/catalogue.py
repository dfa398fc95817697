"""The versioned catalogue of operators: names, inputs, outputs, attributes, types, rules.

The operators of the domains of ONNX come from the schemas of the onnx package (read when first asked for); which class
an operator belongs to and whether it is in the minimal set is ours (:mod:`aimcodec.operators.classes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aimcodec.errors import UnsupportedError
from aimcodec.model.structures import AttributeKind
from aimcodec.operators.classes import MINIMAL_SET, Category, category_of
from aimcodec.operators.element_types import element_type
from aimcodec.operators.rules import Broadcast, broadcast_of, status_rules
from aimcodec.operators.status import Status

if TYPE_CHECKING:
    import onnx

__all__ = ["AttributeRule", "Operator", "Parameter", "full_name", "get", "latest_version", "operators", "schema_of"]

DEFAULT_DOMAIN = ""


@dataclass(frozen=True)
class Parameter:
    """A formal input or output.

    Attributes:
        name: as in the definition.
        types: name of a type variable of `Operator.type_constraints`, or a type itself, for example "tensor(int64)".
        optional: whether it may be left out.
        variadic: whether it stands for any number of values; the last one only.
        homogeneous: of a variadic one: whether all have the same type.
        minimum: of a variadic one: the least number of values.
        documentation: for people.
    """

    name: str
    types: str
    optional: bool = False
    variadic: bool = False
    homogeneous: bool = True
    minimum: int = 1
    documentation: str = ""


@dataclass(frozen=True)
class AttributeRule:
    """A formal attribute.

    Attributes:
        name: as in the definition.
        kind: of the value.
        required: whether a call has to give it.
        default: its value where a call does not; None where there is none.
        documentation: for people.
    """

    name: str
    kind: AttributeKind
    required: bool = False
    default: Any = None
    documentation: str = ""


@dataclass(frozen=True)
class Operator:
    """What an operator is, from the version of its domain that brought this definition on.

    Attributes:
        name: unique in the domain.
        domain: "" is the default domain of ONNX.
        since_version: of the domain.
        inputs: formal inputs, in order.
        outputs: formal outputs, in order.
        attributes: formal attributes, by name.
        type_constraints: types that a type variable stands for: names of element types (clause 6 of the AIM text,
            or "STRING") for dense tensors, texts as in ONNX ("seq(tensor(float))") for others.
        broadcast: how inputs of different shapes are made to fit.
        status_rules: which mistakes give which status.
        documentation: for people.
        deprecated: whether this version took the operator away.
        minimal: whether it is in the minimal set.
        category: the class it is in.
    """

    name: str
    domain: str = DEFAULT_DOMAIN
    since_version: int = 1
    inputs: tuple[Parameter, ...] = ()
    outputs: tuple[Parameter, ...] = ()
    attributes: tuple[AttributeRule, ...] = ()
    type_constraints: tuple[tuple[str, tuple[str, ...]], ...] = ()
    broadcast: Broadcast = Broadcast.NONE
    status_rules: tuple[tuple[Status, str], ...] = ()
    documentation: str = ""
    deprecated: bool = False
    minimal: bool = False
    category: Category = Category.CUSTOM

    @property
    def full_name(self) -> str:
        """With the domain in front, unless that is the default one."""
        return full_name(self.name, self.domain)

    def types_of(self, parameter: Parameter) -> tuple[str, ...]:
        """Types that a parameter may have, in the notation of `type_constraints`."""
        return dict(self.type_constraints).get(parameter.types) or (element_type(parameter.types),)


def full_name(name: str, domain: str) -> str:
    """Name of an operator with its domain, for messages."""
    return f"{domain}.{name}" if domain else name


def get(name: str, domain: str = DEFAULT_DOMAIN, version: int | None = None) -> Operator:
    """An operator of the domains of ONNX.

    Args:
        name: of the operator.
        domain: "" or "ai.onnx", "ai.onnx.ml", ...
        version: of the domain; its definition is the newest that is not newer. None for the latest.

    Raises:
        UnsupportedError: there is none; the message names what there is.
        ModuleNotFoundError: onnx is not installed.
    """
    return _operator(name, _plain(domain), version)


def operators(version: int | None = None, domain: str = DEFAULT_DOMAIN) -> list[Operator]:
    """All operators of a version of a domain, by name, without those it deprecates.

    Raises:
        UnsupportedError: there is no such version, or no such domain.
        ModuleNotFoundError: onnx is not installed.
    """
    domain = _plain(domain)
    wanted = _checked_version(domain, version)
    names = sorted({s.name for s in _defs().get_all_schemas_with_history() if s.domain == domain})
    found = (_definition(name, domain, wanted) for name in names)
    return [_read(schema) for schema in found if schema is not None and not schema.deprecated]


def latest_version(domain: str = DEFAULT_DOMAIN) -> int:
    """The newest version of a domain that the installed onnx package defines.

    Raises:
        UnsupportedError: it does not know the domain.
        ModuleNotFoundError: onnx is not installed.
    """
    domain = _plain(domain)
    version = _latest(domain)
    if version is None:
        raise UnsupportedError(f"the installed onnx package has no domain {domain!r}")
    return version


@lru_cache(maxsize=64)
def _latest(domain: str) -> int | None:
    defs = _defs()
    versions = {s.since_version for s in defs.get_all_schemas_with_history() if s.domain == domain}
    return int(defs.onnx_opset_version()) if domain == DEFAULT_DOMAIN else max(versions, default=None)


def schema_of(operator: Operator) -> onnx.defs.OpSchema:
    """The schema that an operator of `get` was made from."""
    schema: onnx.defs.OpSchema = _defs().get_schema(operator.name, operator.since_version, operator.domain)
    return schema


def _defs() -> Any:
    try:
        import onnx.defs
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "the catalogue of operators needs onnx; pip install 'aimcodec[onnx]' brings it", name="onnx"
        ) from error
    return onnx.defs


def _plain(domain: str) -> str:
    return DEFAULT_DOMAIN if domain == "ai.onnx" else domain


def _checked_version(domain: str, version: int | None) -> int:
    newest = latest_version(domain)
    if version is None:
        return newest
    if not 1 <= version <= newest:
        raise UnsupportedError(f"version {version} of domain {domain!r}: the installed onnx package has 1 to {newest}")
    return version


@lru_cache(maxsize=2048)
def _operator(name: str, domain: str, version: int | None) -> Operator:
    wanted = _checked_version(domain, version)
    schema = _definition(name, domain, wanted)
    if schema is None or schema.deprecated:
        state = "no operator" if schema is None else "no more an operator"
        raise UnsupportedError(f"{full_name(name, domain)!r} is {state} in version {wanted} of its domain")
    return _read(schema)


def _definition(name: str, domain: str, version: int) -> onnx.defs.OpSchema | None:
    defs = _defs()
    try:
        found: onnx.defs.OpSchema = defs.get_schema(name, version, domain)
    except defs.SchemaError:
        return None
    return found


@lru_cache(maxsize=2048)
def _read(schema: onnx.defs.OpSchema) -> Operator:
    inputs, outputs = _parameters(schema.inputs), _parameters(schema.outputs)
    attributes = tuple(_attribute(schema.attributes[name]) for name in sorted(schema.attributes))
    constraints = tuple(
        (c.type_param_str, tuple(sorted(element_type(text) for text in c.allowed_type_strs)))
        for c in schema.type_constraints
    )
    broadcast = broadcast_of(schema.doc or "")
    names = {attribute.name for attribute in attributes} | {parameter.name for parameter in inputs}
    return Operator(
        name=schema.name,
        domain=schema.domain,
        since_version=schema.since_version,
        inputs=inputs,
        outputs=outputs,
        attributes=attributes,
        type_constraints=constraints,
        broadcast=broadcast,
        status_rules=status_rules(schema.name, names, len(inputs), broadcast),
        documentation=(schema.doc or "").strip(),
        deprecated=schema.deprecated,
        minimal=schema.domain == DEFAULT_DOMAIN and schema.name in MINIMAL_SET,
        category=category_of(schema.name, schema.domain),
    )


def _parameters(formal: Sequence[onnx.defs.OpSchema.FormalParameter]) -> tuple[Parameter, ...]:
    option = _defs().OpSchema.FormalParameterOption
    return tuple(
        Parameter(
            p.name,
            p.type_str,
            optional=p.option == option.Optional,
            variadic=p.option == option.Variadic,
            homogeneous=p.is_homogeneous,
            minimum=p.min_arity,
            documentation=p.description.strip(),
        )
        for p in formal
    )


def _attribute(attribute: onnx.defs.OpSchema.Attribute) -> AttributeRule:
    import onnx.helper

    kind = AttributeKind[str(attribute.type).rpartition(".")[2].removesuffix("_PROTO")]
    default = attribute.default_value
    value = onnx.helper.get_attribute_value(default) if default.name else None
    if isinstance(value, bytes):
        value = value.decode()
    elif isinstance(value, list):
        value = tuple(v.decode() if isinstance(v, bytes) else v for v in value)
    return AttributeRule(attribute.name, kind, attribute.required, value, attribute.description.strip())
