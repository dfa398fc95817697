"""What all tests share: hypothesis profiles, every instruction set in turn, the conformance streams."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from .conformance.cases import STREAMS

# Neither profile looks at the clock: a busy machine must not turn a good test red.
settings.register_profile(
    "ci", max_examples=500, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("nightly", settings.get_profile("ci"), max_examples=2000, derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option of ours."""
    parser.addoption(
        "--rewrite-golden", action="store_true", help="Write the stored text forms of tests/inspect/golden anew."
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `isa` runs once for each instruction set of this machine."""
    if "isa" in metafunc.fixturenames:
        import aimcodec

        metafunc.parametrize("isa", aimcodec.available_isas(), indirect=True)


@pytest.fixture
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """The instruction set in force during the test."""
    import aimcodec

    before = aimcodec.isa()
    aimcodec.set_isa(request.param)
    assert aimcodec.isa() == request.param
    yield request.param
    aimcodec.set_isa(before)


@pytest.fixture(scope="session")
def conformance_streams() -> Path:
    """Folder of the conformance streams."""
    return STREAMS
