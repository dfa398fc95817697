"""What is in a package beside tensors is compared as far as the decoder tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aimcodec.conformance.decoder import Settings, run_decoder
from aimcodec.conformance.report.records import Entry
from aimcodec.conformance.subjects import contract, native

from .fakes import CATALOGUE, decoder_of


def run_changed(folder: Path, case: str, change: str) -> Entry:
    """A decoder that gives what ours gives, but for a change of the manifest m."""
    found = CATALOGUE.by_id[case]
    answer = folder / "answer"
    answer.mkdir()
    assert contract.run(native.decode, [str(found.steps[0].file), str(answer)]) == 0
    code = f"m = json.load(open(out + '/manifest.json'))\n{change}\nwrite('manifest.json', dumped(m))"
    (entry,) = run_decoder(decoder_of(folder, code, answer), [found], Settings(jobs=1))
    return entry


CHANGES = {
    "aim-metadata": ("m['metadata']['x'] = 'y'", "metadata: "),
    "aim-contributors": ("m['contributors'].reverse()", "contributors: "),
    "aim-license": ("m['licenses'].pop()", "licenses: "),
    "aim-evaluations": ("m['evaluations'][0][4] = '0' * 16", "evaluations: "),
    "aim-structures": ("m['structures'] = []", "structures: "),
    "aim-protected": ("m['protected'].pop()", "protected: "),
    "aim-variants": ("m['variants'][1]['name'] = 'x'", "variants: "),
    "aim-ends-lists-of-65535": ("m['contributors'].pop()", "contributors: "),
    "aim-aliases": ("[t for t in m['tensors'] if 'alias_of' in t][0]['alias_of'] = 'x'", "is an alias of 'x'"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_is_found(case: str, tmp_path: Path) -> None:
    change, detail = CHANGES[case]
    entry = run_changed(tmp_path, case, change)
    assert (entry.result, len(entry.findings)) == ("wrong values", 1)
    assert detail in entry.detail


@pytest.mark.parametrize("case", CHANGES)
def test_what_is_not_told_is_not_compared(case: str, tmp_path: Path) -> None:
    change = "m = {'tensors': m['tensors']}\nfor t in m['tensors']: t.pop('alias_of', None)"
    assert run_changed(tmp_path, case, change).result == "pass"


def test_a_tensor_of_another_variant_is_another_tensor(tmp_path: Path) -> None:
    entry = run_changed(tmp_path, "aim-variants", "[t for t in m['tensors'] if 'variant' in t][0].pop('variant')")
    assert entry.result == "wrong values"
