"""A model that is ready to run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

from aimcodec.errors import ArgumentError, LimitExceededError, UnsupportedError
from aimcodec.inference.config import Config
from aimcodec.inference.engines import engine_of
from aimcodec.inference.engines.base import Capabilities, Instance, Stop
from aimcodec.inference.handles import Handles, InputHandle, OutputHandle
from aimcodec.inference.report import Profile, Times
from aimcodec.inference.source import open_model
from aimcodec.inference.stopping import PendingRun, Timer, start
from aimcodec.inference.values import check_profile, checked, missing
from aimcodec.inference.weights import Loading, check_parameters
from aimcodec.model.structures import Graph

__all__ = ["Predictor", "create_predictor"]


class _Shared:
    """An instance of an engine that predictors have in common; closed with the last of them."""

    def __init__(
        self, instance: Instance, graph: Graph, capabilities: Capabilities, start: Mapping[str, float]
    ) -> None:
        self.instance = instance
        self.capabilities = capabilities
        self.start = start
        given = {tensor.name for tensor in graph.parameters} | {t.values.name for t in graph.sparse_parameters}
        self.inputs = {variable.name: variable for variable in graph.inputs}
        self.needed = [variable for variable in graph.inputs if variable.name not in given]
        self.outputs = {variable.name: variable for variable in graph.outputs}
        self._users = 0
        self._lock = threading.Lock()

    def enter(self) -> None:
        with self._lock:
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self.instance.close()


class Predictor:
    """Runs a model; made by `create_predictor`.

    `run` with feeds may be called from many threads at once. The values of handles are of one thread: a clone has
    handles of its own, and shares the parameters.

    Attributes:
        inputs: handles by name or number; those that have a value of their own in the model may be left out.
        outputs: handles by name or number.
    """

    def __init__(self, config: Config, shared: _Shared) -> None:
        shared.enter()
        self._config = config
        self._shared = shared
        self._times = Times()
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._closed = False
        needed = {variable.name for variable in shared.needed}
        self.inputs = Handles([InputHandle(v, v.name in needed) for v in shared.inputs.values()])
        self.outputs = Handles([OutputHandle(variable) for variable in shared.outputs.values()])

    @property
    def capabilities(self) -> Capabilities:
        """Of the engine."""
        return self._shared.capabilities

    def run(
        self,
        feeds: Mapping[str, Any] | None = None,
        outputs: Iterable[str] | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Run the model.

        Args:
            feeds: arrays by name of the input, lists of them for sequences; the values of the handles when None.
            outputs: names of those wanted; all when None.
            timeout: seconds after which the engine is to give up.

        Returns:
            Arrays by name. Without feeds the handles of outputs have them too, and arrays bound there are used.

        Raises:
            ArgumentError: an input is missing, unknown, or of another type or shape than the model says.
            LimitExceededError: the time was over.
            UnsupportedError: the engine cannot give up in the midst of a run, or does not have what the model needs.
            AimcError: the engine failed.
        """
        if timeout is not None and not self.capabilities.stops:
            raise UnsupportedError(f"engine {self.capabilities.engine} cannot end a run: it has no timeout")
        return self._run(feeds, outputs, timeout, Stop())

    def run_async(
        self, feeds: Mapping[str, Any], outputs: Iterable[str] | None = None, *, timeout: float | None = None
    ) -> PendingRun:
        """Start a run with `feeds` in the executor of the configuration, or in a thread of the predictor.

        Returns:
            A `concurrent.futures.Future` of what `run` returns; its `cancel` ends a run too, where the engine can.

        Raises:
            UnsupportedError: as `run`.
        """
        if timeout is not None and not self.capabilities.stops:
            raise UnsupportedError(f"engine {self.capabilities.engine} cannot end a run: it has no timeout")
        wanted = None if outputs is None else list(outputs)
        executor = self._config.executor or self._own_pool()
        return start(executor, lambda stop: self._run(feeds, wanted, timeout, stop), self.capabilities.stops)

    def _own_pool(self) -> ThreadPoolExecutor:
        with self._lock:
            self._check_open()
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, "aimcodec-run")
            return self._pool

    def _run(
        self, feeds: Mapping[str, Any] | None, outputs: Iterable[str] | None, timeout: float | None, stop: Stop
    ) -> dict[str, Any]:
        self._check_open()
        wanted = self._wanted(outputs)
        given = self._checked(self._of_handles() if feeds is None else feeds)
        into = {n: a for n in wanted for n, a in self.outputs[n].bound.items()} if feeds is None else {}
        begin = time.perf_counter()
        with Timer(timeout, stop) as timer:
            try:
                found = self._shared.instance.run(given, wanted, into, stop)
            except Exception as error:
                if timer.is_over:
                    raise LimitExceededError(f"the run was not over after {timeout} s") from error
                raise
        self._times.add(time.perf_counter() - begin)
        if feeds is None:
            for name, value in found.items():
                self.outputs[name].take(value)
        return found

    def _of_handles(self) -> dict[str, Any]:
        return {name: value for handle in self.inputs.values() for name, value in handle.feed.items()}

    def _wanted(self, outputs: Iterable[str] | None) -> list[str]:
        wanted = list(self._shared.outputs) if outputs is None else list(dict.fromkeys(outputs))
        unknown = [name for name in wanted if name not in self._shared.outputs]
        if unknown:
            known = ", ".join(map(repr, self._shared.outputs))
            raise ArgumentError(f"the model has no output {unknown[0]!r}; it has {known}")
        return wanted

    def _checked(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        variables = self._shared.inputs
        for name in feeds:
            if name not in variables:
                raise ArgumentError(f"the model has no input {name!r}; it has {', '.join(map(repr, variables))}")
        lacking = missing(self._shared.needed, feeds)
        if lacking:
            raise ArgumentError(f"without a value: input {lacking}")
        values = {name: checked(variables[name], value) for name, value in feeds.items()}
        for name, profile in self._config.shapes.items():
            if name in values:
                check_profile(name, profile, values[name])
        return values

    def clone(self) -> Predictor:
        """Another predictor of the same model, with handles and times of its own. Parameters are shared."""
        self._check_open()
        return Predictor(self._config, self._shared)

    def profile(self) -> Profile:
        """Times of the runs of this predictor, of its start, and of nodes (of all clones) where they are kept."""
        self._check_open()
        return self._times.report(self._shared.start, self._shared.instance.profile())

    def close(self) -> None:
        """Give everything back; what runs in the background is waited for. Parameters go with the last clone."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._shared.leave()

    def _check_open(self) -> None:
        if self._closed:
            raise ArgumentError("the predictor is closed")

    def __enter__(self) -> Predictor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def create_predictor(config: Config) -> Predictor:
    """Make a model ready to run.

    Parameters are decoded in the background, straight to the memory that the engine is given, while the graph is
    prepared; they are never written to a file.

    Raises:
        ArgumentError: there is no such engine, or the source is none.
        UnsupportedError: the engine does not have a setting, or what the model needs.
        InconsistentError: the parameters are not those of the structure.
        AimcError: the source is damaged, or beyond a limit.
        ModuleNotFoundError: the library of the engine is not installed.
        OSError: the source cannot be read.
    """
    engine = engine_of(config.engine)
    begin = time.perf_counter()
    opened = open_model(config)
    try:
        graph = opened.structure.graph
        _check_names(config, graph)
        names = check_parameters(opened.structure, opened.weights)
    except BaseException:
        opened.close()
        raise
    loading = Loading(opened.weights, names, opened.close)
    middle = time.perf_counter()
    try:
        instance = engine.prepare(config, opened.structure, loading)
    except BaseException:
        loading.end()
        raise
    if not config.lazy:
        loading.end()
    times = {"open": middle - begin, "prepare": time.perf_counter() - middle}
    return Predictor(config, _Shared(instance, graph, engine.capabilities(), times))


def _check_names(config: Config, graph: Graph) -> None:
    known = {variable.name for variable in graph.inputs}
    for name in config.shapes:
        if name not in known:
            raise ArgumentError(f"a profile is given for {name!r}, which is no input of the model")
