#!/usr/bin/env bash
# Fuzzing, from anywhere in the project. The native targets are expected in BUILD, built with -DAIMC_FUZZ=ON: see the
# presets `sanitize` and `thread`. The Python targets need the package in .venv (`make setup`).
#
#   fuzz/run.sh replay [BUILD]   every file of fuzz/corpus, once
#   fuzz/run.sh fast [BUILD]     replay, then 60 s for each target
#   fuzz/run.sh long [BUILD]     replay, then 600 s for each target
#
# Findings are left in build/fuzz/findings; what the targets learnt is kept in build/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-}
build=${2:-build/sanitize}
work=build/fuzz
python=.venv/bin/python
longest_payload=512
longest_stream=600
longest_block=2048
longest_file=4096
case $mode in
  replay) seconds=0 ;;
  fast) seconds=60 ;;
  long) seconds=600 ;;
  *)
    sed -n '2,10s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac

# atheris is optional. It instruments modules as they are imported, which an editable install gets in the way of: hence an
# environment of its own with a copy of the package.
atheris_python() {
  local venv=$work/venv
  if [ ! -e "$venv/ready" ]; then
    python3 -m venv "$venv" >&2 || return 1
    "$venv/bin/pip" install --quiet --only-binary :all: atheris >&2 || return 1
    touch "$venv/ready"
  fi
  "$venv/bin/pip" install --quiet --force-reinstall --no-deps . >&2 || return 1
  "$venv/bin/pip" install --quiet numpy ml-dtypes >&2 || return 1
  echo "$venv/bin/python"
}

seed() {
  local target=$1
  [ -x "$python" ] && "$python" fuzz/seeds.py "$target" "$work/seeds/$target"
}

fuzz() {
  local target=$1 longest=$2
  shift 2
  mkdir -p "$work/corpus/$target" "$work/seeds/$target" "$work/findings"
  seed "$target" || echo "no seeds for $target"
  "$@" "-max_total_time=$seconds" "-max_len=$longest" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=1 \
    "-artifact_prefix=$work/findings/$target-" "$work/corpus/$target" "$work/seeds/$target" "fuzz/corpus/$target" \
    2>&1 | grep -v -e REDUCE -e NEW -e pulse
}

replay() {
  local target=$1
  shift
  "$@" "fuzz/corpus/$target"/* 2>&1 | tail -n 3
}

mkdir -p "$work"
native=$build/fuzz
replay payload_decode "$native/payload_decode"
replay lossless_decode "$native/lossless_decode"
instrumented=$(atheris_python) || instrumented=
[ -n "$instrumented" ] || echo "skipped: stream_reader, aim_reader (no atheris for this Python)"
[ -z "$instrumented" ] || replay stream_reader "$instrumented" fuzz/stream_reader.py
[ -z "$instrumented" ] || replay aim_reader "$instrumented" fuzz/aim_reader.py
[ "$seconds" -gt 0 ] || exit 0

# Two at a time; the first that fails ends the run.
fuzz payload_decode $longest_payload "$native/payload_decode" &
first=$!
fuzz lossless_decode $longest_block "$native/lossless_decode" -malloc_limit_mb=16
wait "$first"
[ -n "$instrumented" ] || exit 0
fuzz stream_reader $longest_stream "$instrumented" fuzz/stream_reader.py &
first=$!
fuzz aim_reader $longest_file "$instrumented" fuzz/aim_reader.py
wait "$first"
