"""The page in a real browser: what is clicked, and what then appears."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec.report import collect, page

HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m @DATA@ &lt;"


def tensors() -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(7)
    return {
        "encoder.weight": rng.standard_normal((96, 64)).astype(np.float32),
        "encoder.bias": np.zeros(96, np.float16),
        "ids": np.arange(12, dtype=np.int64).reshape(3, 4),
    }


def package_of(arrays: dict[str, np.ndarray[Any, Any]], **options: Any) -> bytes:
    target = io.BytesIO()
    aimcodec.save_file(arrays, target, **options)
    return bytes(target.getvalue())


def show(browser: Any, text: str, folder: Path) -> None:
    file = folder / "page.html"
    file.write_text(text, "utf-8")
    browser.get_log("performance")
    browser.get(file.as_uri())


def find(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def find_all(browser: Any, selector: str) -> list[Any]:
    return list(browser.find_elements("css selector", selector))


def requested(browser: Any) -> set[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}


def test_click_on_a_tensor_shows_what_it_is(browser: Any, tmp_path: Path) -> None:
    show(browser, page(collect(package_of(tensors()), "m.aim")), tmp_path)
    assert find(browser, "#title").text == "m.aim"
    assert len(find_all(browser, "#tensor-table tbody tr")) == 3
    find(browser, '#tensor-table tr[data-tensor="0"]').click()
    detail = find(browser, "#tensor-detail").text
    assert "encoder.weight" in detail
    assert "96 × 64" in detail
    assert "6,144" in detail
    assert "24,576 bytes" in detail
    assert len(find_all(browser, "#tensor-detail .histogram rect")) > 20
    assert find(browser, "#treemap g.chosen").get_attribute("data-tensor") == "0"
    assert "encoder.weight" in find(browser, "#unit-detail").text


def test_tile_of_the_treemap_selects_its_row(browser: Any, tmp_path: Path) -> None:
    show(browser, page(collect(package_of(tensors()), "m.aim")), tmp_path)
    find(browser, '#treemap g[data-tensor="0"] rect').click()
    assert find(browser, "#tensor-table tr.chosen").get_attribute("data-tensor") == "0"


def test_filter_and_sort(browser: Any, tmp_path: Path) -> None:
    show(browser, page(collect(package_of(tensors()), "m.aim")), tmp_path)
    find(browser, "#filter").send_keys("encoder float16")
    assert [row.text.split()[0] for row in find_all(browser, "#tensor-table tbody tr")] == ["encoder.bias"]
    find(browser, "#filter").clear()
    find(browser, "#filter").send_keys(" ")
    next(head for head in find_all(browser, "#tensor-table th") if head.text == "memory").click()
    names = [row.text.split()[0] for row in find_all(browser, "#tensor-table tbody tr")]
    assert names == ["encoder.weight", "encoder.bias", "ids"]


def test_element_of_the_syntax_shows_its_bytes(browser: Any, tmp_path: Path) -> None:
    show(browser, page(collect(package_of(tensors()), "m.aim")), tmp_path)
    find(browser, "#tree .row").click()
    row = next(row for row in find_all(browser, "#tree .row") if "unit_marker" in row.text)
    row.click()
    assert [mark.text for mark in find_all(browser, "#hex mark")] == ["89", "41", "49", "4d", "0d", "0a", "1a", "0a"]
    assert "units[0].unit_marker" in find(browser, "#element").text
    flag = next(row for row in find_all(browser, "#tree .row") if "critical_flag" in row.text)
    flag.click()
    assert [mark.text for mark in find_all(browser, "#hex mark")][-1] == "1"


@pytest.mark.parametrize("name", ["m.aim", HOSTILE])
def test_page_runs_nothing_and_asks_for_nothing(browser: Any, tmp_path: Path, name: str) -> None:
    data = package_of({name: np.ones(3, np.float32)}, metadata={"note": HOSTILE})
    show(browser, page(collect(data, name)), tmp_path)
    find(browser, "#tensor-table tbody tr").click()
    shown = name.replace("\x1b", "\\u{1b}")
    assert find(browser, "#tensor-detail h3").get_property("textContent") == shown
    assert find(browser, "#title").get_property("textContent") == shown
    assert not find_all(browser, "img")
    assert browser.get_log("browser") == []
    urls = {url for url in requested(browser) if not url.startswith("data:")}
    assert urls == {(tmp_path / "page.html").as_uri()}


def test_names_cannot_pass_for_others(browser: Any, tmp_path: Path) -> None:
    arrays = {"\u202elive": np.zeros(500), "a\u200bb\x1b": np.ones(500), "重み é": np.ones(500)}
    show(browser, page(collect(package_of(arrays), "\u202emia.m")), tmp_path)
    names = [cell.get_attribute("textContent") for cell in find_all(browser, "#tensor-table td.name")]
    assert sorted(names) == ["\\u{202e}live", "a\\u{200b}b\\u{1b}", "重み é"]
    assert find(browser, "#title").text == "\\u{202e}mia.m"
    assert not set("\u202e\u200b\x1b") & set(find(browser, "body").get_attribute("innerText"))


def test_damage_is_found_and_shown(browser: Any, tmp_path: Path) -> None:
    data = bytearray(package_of(tensors()))
    data[-700] ^= 1
    report = collect(bytes(data), "bad.aim")
    assert report["findings"]
    show(browser, page(report), tmp_path)
    find(browser, ".finding button").click()
    chosen = find(browser, "#tree .row.chosen").text
    assert report["findings"][0]["path"].rpartition(".")[2].partition("[")[0] in chosen or "units[" in chosen
