#!/usr/bin/env bash
# Replay of the native corpus, then the Python extension, under gcc's address and undefined-behaviour sanitizers:
# robustness and conformance tests, without those marked slow. Needs gcc with its runtimes and the packages of .venv (`make setup`). Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$PWD/.venv/bin/python
build=build/sanitize-gcc
export PATH="$PWD/.venv/bin:$PATH"

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER=g++ \
  -DAIMC_FUZZ=ON -DAIMC_SANITIZE=address,undefined -DPython_EXECUTABLE="$python" \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" >/dev/null
cmake --build "$build" --target _core payload_decode lossless_decode
"$build/fuzz/payload_decode" fuzz/corpus/payload_decode/*
"$build/fuzz/lossless_decode" fuzz/corpus/lossless_decode/*

# A package of its own, so that the extension built for use stays as it is.
package=$build/package
rm -rf "$package"
mkdir -p "$package"
cp -r python/aimcodec "$package/"
find "$package" -name '*.so' -delete
cp "$build"/_core*.so "$package/aimcodec/"

# Without `site` there are no .pth files, by which an editable install would put the other extension first.
site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

# The interpreter is not sanitized: the runtimes come first, and what it never frees is not looked for. The C++ runtime
# comes with them, so that exceptions are intercepted.
preload=
for library in libasan.so libubsan.so libstdc++.so; do
  preload="$preload $(g++ -print-file-name=$library)"
done
export LD_PRELOAD=$preload
export ASAN_OPTIONS=detect_leaks=0:halt_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export PYTHONPATH=$PWD/$package:$site
"$python" -S - <<'PYTHON'
from pathlib import Path

import aimcodec._core

assert "package" in Path(aimcodec._core.__file__).parts, aimcodec._core.__file__
PYTHON
[ $# -gt 0 ] || set -- tests/robustness tests/conformance
exec "$python" -S -m pytest -q -p no:cacheprovider -m "not slow" "$@"
