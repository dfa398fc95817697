"""All node tests of the onnx package through TorchProgram: what passes, fails, and is not supported, by operator.

"close" is what passes with two units in the last place of types of 16 bits, but not at the tests' own tolerance.

Run: python bench/torch_nodes.py [--only TEXT] [--list]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from aimcodec.errors import AimcError, UnsupportedError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "operators_torch"))
from node_cases import Case, cases, check


def verdict_of(case: Case) -> tuple[str, str]:
    try:
        check(case, own_tolerance=True)
    except UnsupportedError as error:
        return "unsupported", str(error)
    except AimcError as error:
        return "refused", f"{type(error).__name__}: {error}"
    except AssertionError as error:
        text = " | ".join([line for line in str(error).splitlines() if line.strip()][:5])
    else:
        return "pass", ""
    try:
        check(case)
    except AssertionError:
        return "wrong", text
    return "close", text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--list", action="store_true", help="print every case that does not pass")
    arguments = parser.parse_args()
    verdicts: dict[str, Counter[str]] = {}
    for case in cases():
        if arguments.only not in case.name:
            continue
        verdict, reason = verdict_of(case)
        verdicts.setdefault(case.operator, Counter())[verdict] += 1
        if verdict != "pass" and (arguments.list or verdict in {"wrong", "refused"}):
            print(f"{verdict} {case.name}: {reason}")
    for operator, counts in sorted(verdicts.items()):
        print(f"{operator:32} {', '.join(f'{n} {verdict}' for verdict, n in counts.most_common())}")
    total: Counter[str] = sum(verdicts.values(), Counter())
    print(f"{total.total()} cases: {', '.join(f'{n} {verdict}' for verdict, n in total.most_common())}")


if __name__ == "__main__":
    main()
