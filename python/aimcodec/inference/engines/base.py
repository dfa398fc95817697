"""What every engine does for a predictor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from aimcodec.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.inference.config import Config
    from aimcodec.inference.weights import Loading
    from aimcodec.model import ModelStructure

__all__ = ["Capabilities", "Engine", "Instance", "Stop", "refuse"]


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do here.

    Attributes:
        engine: its name.
        version: of its library; "" where that is not installed.
        devices: for `Config.device`.
        settings: names of the settings of `Config` that it has.
        stops: whether a run can be ended from outside (timeout, cancel).
        parallel_runs: whether runs of one predictor go on at the same time; where not they wait for each other.
    """

    engine: str
    version: str
    devices: tuple[str, ...]
    settings: frozenset[str]
    stops: bool
    parallel_runs: bool

    @property
    def is_available(self) -> bool:
        """Whether its library is installed."""
        return bool(self.version)


@dataclass
class Stop:
    """A request to end a run, and what the engine does about it."""

    _flag: threading.Event = field(default_factory=threading.Event)
    _actions: list[Callable[[], None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_set(self) -> bool:
        """Whether the run is to end."""
        return self._flag.is_set()

    def set(self) -> None:
        """Ask for the end, from any thread."""
        with self._lock:
            self._flag.set()
            actions = list(self._actions)
        for action in actions:
            action()

    def call(self, action: Callable[[], None]) -> None:
        """Have `action` called when the end is asked for; at once where that was so already."""
        with self._lock:
            self._actions.append(action)
            late = self._flag.is_set()
        if late:
            action()


class Instance(Protocol):
    """A model that is ready to run; may be used from many threads."""

    def run(
        self, feeds: Mapping[str, Any], outputs: Sequence[str], into: Mapping[str, NDArray[Any]], stop: Stop
    ) -> dict[str, Any]:
        """The outputs wanted; those in `into` are written there and are the same object.

        Raises:
            AimcError: the model cannot be run with these inputs.
        """

    def profile(self) -> Mapping[str, float]:
        """Seconds by node or operator, where the engine kept them."""

    def close(self) -> None:
        """Give everything back."""


class Engine(Protocol):
    """Makes instances."""

    def capabilities(self) -> Capabilities:
        """What it can do here; never fails."""

    def prepare(self, config: Config, structure: ModelStructure, loading: Loading) -> Instance:
        """An instance.

        Raises:
            AimcError: the model cannot be run on this engine.
            ModuleNotFoundError: its library is not installed.
        """


def refuse(capabilities: Capabilities, config: Config) -> None:
    """That a configuration asks for nothing that the engine does not have.

    Raises:
        UnsupportedError: it does.
    """
    asked = {
        "optimization": config.optimization != "all",
        "disabled_passes": bool(config.disabled_passes),
        "threads": config.threads is not None,
        "parallel_nodes": config.parallel_nodes != 1,
        "affinity": bool(config.affinity),
        "operators": config.operators is not None,
        "lazy": config.lazy,
        "profile": config.profile,
        "engine_options": bool(config.engine_options),
    }
    missing = [name for name, is_asked in asked.items() if is_asked and name not in capabilities.settings]
    if missing:
        raise UnsupportedError(f"engine {capabilities.engine} has no setting {', '.join(missing)}")
    if config.device not in capabilities.devices:
        known = ", ".join(capabilities.devices)
        raise UnsupportedError(f"engine {capabilities.engine} has no device {config.device!r} here; it has {known}")
