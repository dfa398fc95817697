"""Times of nodes that ONNX Runtime writes to a file."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

__all__ = ["seconds_by_node"]


def seconds_by_node(file: str) -> dict[str, float]:
    """Seconds of each node, "operator name", over all runs; the file and its folder are removed."""
    path = Path(file)
    try:
        events = json.loads(path.read_bytes())
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)
    times: Counter[str] = Counter()
    for event in events:
        if event.get("cat") == "Node" and event.get("name", "").endswith("_kernel_time"):
            operator = event.get("args", {}).get("op_name", "")
            times[f"{operator} {event['name'].removesuffix('_kernel_time')}".strip()] += event["dur"]
    return {name: microseconds / 1e6 for name, microseconds in times.most_common()}
