"""Paths of Keras variables, from the places that Keras stores them at and the configuration of the model.

The configuration is read as data: classes are names that are looked up in the table here, never imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aimcodec.errors import MalformedError

__all__ = ["Layers", "legacy_path", "parse_config"]

KERNEL = ("kernel", "bias")
RECURRENT = ("kernel", "recurrent_kernel", "bias")
SEPARABLE = ("depthwise_kernel", "pointwise_kernel", "bias")

SEED = "seed_generator"  # which Keras names without the layer that it is in

# By class: names of variables in the order in which they are stored. Without a bias, the last is missing.
BY_CLASS = {
    **dict.fromkeys(
        ("Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"), KERNEL
    ),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), KERNEL),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), SEPARABLE),
    "Embedding": ("embeddings",),
    "PReLU": ("alpha",),
}
# By class: names of variables, and the setting without which there is none.
BY_SETTING = {
    "BatchNormalization": (("gamma", "scale"), ("beta", "center"), ("moving_mean", ""), ("moving_variance", "")),
    "LayerNormalization": (("gamma", "scale"), ("beta", "center")),
    "GroupNormalization": (("gamma", "scale"), ("beta", "center")),
}
# By the attribute of a layer that holds an inner one, which the configuration does not name.
BY_PLACE = {
    "cell": RECURRENT,
    **dict.fromkeys(("query_dense", "key_dense", "value_dense", "output_dense"), KERNEL),
    SEED: ("seed_generator_state",),
}
INLINE = "Functional"  # a model whose layers are made outside of it, so that their paths do not name it


def parse_config(data: bytes | str, name: str) -> Any:
    """A configuration: JSON.

    Raises:
        MalformedError: it is not.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"{name} is no JSON: {error or type(error).__name__}") from None


class Layers:
    """What a configuration says of the layers of a model.

    Attributes:
        classes: names of the classes of everything that it describes.
    """

    def __init__(self, config: Any) -> None:
        self._known: dict[str, tuple[str, dict[str, Any]] | None] = {}
        self.classes: set[str] = set()
        for kind, settings in _objects(config):
            self.classes.add(kind)
            name = settings.get("name")
            if isinstance(name, str):
                # Two layers of one name tell nothing about either.
                same = self._known.setdefault(name, (kind, settings)) == (kind, settings)
                self._known[name] = (kind, settings) if same else None

    def path_of(self, path: str, names: Mapping[str, str], count: int) -> str | None:
        """The path that Keras shows for a variable, or None where that does not follow.

        Args:
            path: where it is stored, for example "layers/dense/vars/0".
            names: names of layers by the places of their groups, for example "layers/dense".
            count: variables stored beside it, with itself.
        """
        group, _, number = path.rpartition("/vars/")
        if not self._known or group not in names or not number.isdecimal():
            return None
        *_, place = group.split("/")
        variables = self._variables(place, names[group], count)
        if int(number) >= len(variables):
            return None
        within = [names[group]] if place == SEED else self._names_on_the_way(group, names)
        return "/".join([*within, variables[int(number)]])

    def _names_on_the_way(self, group: str, names: Mapping[str, str]) -> list[str]:
        steps = group.split("/")
        places = ["", *("/".join(steps[:length]) for length in range(1, len(steps) + 1))]
        found = [names[place] for place in places if place in names]
        return [name for name in found if self._class(name)[0] != INLINE]

    def _class(self, name: str) -> tuple[str, dict[str, Any]]:
        return self._known.get(name) or ("", {})

    def _variables(self, place: str, name: str, count: int) -> tuple[str, ...]:
        """Names of variables of a layer that has so many; none if that is not how many the class has."""
        kind, settings = self._class(name)
        if kind in BY_SETTING:
            chosen = (
                known for known, setting in BY_SETTING[kind] if not setting or settings.get(setting, True) is True
            )
            variables = tuple(chosen)
            return variables if len(variables) == count else ()
        known = BY_CLASS.get(kind) or BY_PLACE.get(place, ())
        # Without a bias there is one less.
        return known if count == len(known) or (count == len(known) - 1 and known[-1] == "bias") else ()


def _objects(config: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Class and settings of everything in a configuration."""
    pending: list[Any] = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            kind, settings = value.get("class_name"), value.get("config")
            if isinstance(kind, str) and isinstance(settings, dict):
                yield kind, settings
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def legacy_path(path: str, root: str) -> str | None:
    """The path that older Keras shows for a variable: what is below the group of its layer; None outside of `root`."""
    if not path.startswith(root):
        return None
    layer, _, rest = path.removeprefix(root).partition("/")
    return rest if layer and rest else None
