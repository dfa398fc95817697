# One entry for people and for continuous integration. Needed on the machine: a C++17 compiler, make, and Python >= 3.10
# with venv. Everything else, cmake and ninja too, comes from the Python package index into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CMAKE := PATH="$(CURDIR)/$(BIN):$$PATH" cmake
CXX_FILES := $(shell find csrc fuzz -name '*.[ch]pp' 2>/dev/null)

.PHONY: setup demo test test-full lint sanitize fuzz-fast thread-check clean

setup: $(VENV)/.installed

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# The build tools come first, so that the build itself runs in this environment: incremental, and with known tools.
$(VENV)/.tools: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet scikit-build-core pybind11 cmake ninja
	@touch $@

$(VENV)/.installed: $(VENV)/.tools pyproject.toml CMakeLists.txt $(shell find csrc -type f)
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable '.[dev]'
	@touch $@

demo: setup
	$(BIN)/python bench/demo.py

test: setup
	$(BIN)/python -m pytest -q -n auto -m "not slow"

test-full: setup
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -q -n auto

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $(CXX_FILES)
	$(CMAKE) --preset werror -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python" \
	  -Dpybind11_DIR="$$($(BIN)/python -m pybind11 --cmakedir)"
	$(CMAKE) --build --preset werror

# The native targets of fuzz/ under the address and undefined-behaviour sanitizers: needs clang with its runtimes.
sanitize: setup
	$(CMAKE) --preset sanitize
	$(CMAKE) --build --preset sanitize

fuzz-fast: sanitize
	fuzz/run-fast build/sanitize

# The Python module under the thread sanitizer (needs g++ with its runtime), used from many threads: some minutes.
thread-check: setup
	$(CMAKE) --preset tsan -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python" \
	  -Dpybind11_DIR="$$($(BIN)/python -m pybind11 --cmakedir)"
	$(CMAKE) --build --preset tsan
	$(BIN)/python bench/thread_check.py

clean:
	rm -rf build dist $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
