"""Packages behind http: few requests, few bytes, and servers that do not do as they should."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec.errors import ArgumentError, TruncatedError
from aimcodec.package.http_source import HttpSource
from aimcodec.package.remote import FsspecSource, open_url

from .arrays import patterns, same


@dataclass
class Site:
    """A server for tests: what it has, how it behaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    lie: Any = None  # changes (first, last, size, body) of an answer
    hang_up_after: int = 1 << 30
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    yield from serve()


@pytest.fixture
def other_site() -> Iterator[Site]:
    yield from serve()


def serve() -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            made.asked.append((self.path, asked, self.headers.get("Authorization")))
            if len(made.asked) % made.hang_up_after == 0:
                self.close_connection = True
                return
            if self.path in made.redirects:
                self.send_response(302)
                self.send_header("Location", made.redirects[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = made.files.get(self.path)
            if body is None:
                self.send_error(404)
                return
            if not made.ranges or asked is None:
                self.answer(200, body, None)
                return
            low, _, high = asked.removeprefix("bytes=").partition("-")
            first, last = (int(low), int(high)) if low else (max(0, len(body) - int(high)), len(body) - 1)
            told = (first, last, len(body), body[first : last + 1])
            if made.lie is not None:
                told = made.lie(*told)
            self.answer(206, told[3], f"bytes {told[0]}-{told[1]}/{told[2]}")

        def answer(self, status: int, body: bytes, content_range: str | None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if content_range:
                self.send_header("Content-Range", content_range)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


TENSORS = {f"layer{n}.w": patterns("UINT8", (1 << 20,), n) for n in range(8)}
TENSORS["small"] = patterns("FLOAT32", (10, 10))


def packaged() -> bytes:
    file = io.BytesIO()
    aimcodec.save_file(TENSORS, file, metadata={"k": "v"})
    return file.getvalue()


DATA = packaged()


def test_opening_takes_one_request(site: Site) -> None:
    site.files["/m.aim"] = DATA
    with aimcodec.open(f"{site.url}/m.aim") as package:
        assert list(package) == list(TENSORS)
        assert package.requests == 1
        assert package.bytes_fetched == 1 << 16
        assert package.info("layer3.w").shape == (1 << 20,)
        assert site.asked == [("/m.aim", "bytes=-65536", None)]


def test_a_tensor_takes_little_more_than_its_bytes(site: Site) -> None:
    site.files["/m.aim"] = DATA
    with aimcodec.open(f"{site.url}/m.aim") as package:
        assert same(package["layer3.w"], TENSORS["layer3.w"])
        assert package.requests <= 3
        assert package.bytes_fetched < (1 << 16) + 4096 + 1.01 * (1 << 20)
        before = package.requests
        loaded = package.load()
        assert package.requests - before <= 3
        assert all(same(loaded[name], array) for name, array in TENSORS.items())
        assert np.array_equal(package.get_slice("layer0.w")[5:9], TENSORS["layer0.w"][5:9])
        assert package.metadata == {"k": "v"}
        assert package.verify() == []


def test_slices_take_few_requests(site: Site) -> None:
    file = io.BytesIO()
    array = patterns("UINT8", (2000, 1000))
    aimcodec.save_file({"w": array}, file, coding="raw")
    site.files["/m.aim"] = file.getvalue()
    with aimcodec.open(f"{site.url}/m.aim") as package:
        part = package.get_slice("w")
        before = package.requests
        assert np.array_equal(part[::20, 7], array[::20, 7])
        assert package.requests - before == 1
        before = package.requests
        assert np.array_equal(part[3::1497], array[3::1497])
        assert package.requests - before == 2


def test_many_threads(site: Site) -> None:
    site.files["/m.aim"] = DATA
    with aimcodec.open(f"{site.url}/m.aim") as package:
        results: dict[str, Any] = {}
        threads = [threading.Thread(target=lambda n=n: results.update({n: package[n]})) for n in TENSORS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(same(results[name], array) for name, array in TENSORS.items())


def test_connections_that_are_closed_meanwhile(site: Site) -> None:
    site.files["/m.aim"] = DATA
    site.hang_up_after = 3
    with aimcodec.open(f"{site.url}/m.aim") as package:
        assert all(same(package[name], array) for name, array in TENSORS.items())


def test_servers_without_ranges(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.files["/m.aim"] = DATA
    site.ranges = False
    assert same(aimcodec.load_file(f"{site.url}/m.aim")["small"], TENSORS["small"])
    monkeypatch.setattr("aimcodec.package.http_source.WHOLE_BYTES", len(DATA) - 1)
    with pytest.raises(ArgumentError, match="ranges"):
        aimcodec.open(f"{site.url}/m.aim")


@pytest.mark.parametrize(
    "lie",
    [
        lambda first, last, size, body: (first + 1, last, size, body),
        lambda first, last, size, body: (first, last, size + 1, body),
        lambda first, last, size, body: (first, last, size, body[:-1]),
        lambda first, last, size, body: (first, "x", size, body),
    ],
)
def test_ranges_that_are_not_those_asked_for(site: Site, lie: Any) -> None:
    site.files["/m.aim"] = DATA
    with aimcodec.open(f"{site.url}/m.aim") as package:
        site.lie = lie
        with pytest.raises(OSError, match="range"):
            package["layer0.w"]


def test_files_that_are_not_there(site: Site) -> None:
    with pytest.raises(FileNotFoundError):
        aimcodec.open(f"{site.url}/nothing")
    with pytest.raises(OSError, match="refused"):
        aimcodec.open("http://127.0.0.1:1/m.aim")
    with pytest.raises(ArgumentError):
        aimcodec.open("http:///m.aim")


def test_redirects_keep_credentials_at_home(site: Site, other_site: Site) -> None:
    other_site.files["/m.aim"] = DATA
    site.redirects["/here"] = "/there"
    site.redirects["/there"] = f"{other_site.url}/m.aim"
    address = site.url.replace("http://", "http://ada:s%40cret@")
    with aimcodec.open(f"{address}/here") as package:
        assert same(package["small"], TENSORS["small"])
    secret = "Basic " + base64.b64encode(b"ada:s@cret").decode()
    assert {authorization for _, _, authorization in site.asked} == {secret}
    assert {authorization for _, _, authorization in other_site.asked} == {None}


def test_redirects_that_are_not_followed(site: Site) -> None:
    site.redirects |= {"/loop": "/loop", "/file": "file:///etc/passwd"}
    for path in site.redirects:
        with pytest.raises(OSError, match="redirect"):
            aimcodec.open(f"{site.url}{path}")


def test_small_and_damaged_files(site: Site) -> None:
    site.files |= {"/cut": DATA[:-1], "/tiny": b"x"}
    for path in site.files:
        with pytest.raises(TruncatedError):
            aimcodec.open(f"{site.url}{path}")
    site.files["/m.aim"] = DATA
    source = HttpSource(f"{site.url}/m.aim")
    with pytest.raises(TruncatedError):
        source.read_at(len(DATA) - 1, 2)
    assert bytes(source.read_at(0, 8)) == DATA[:8]
    source.close()


def test_other_schemes(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    (tmp_path / "m.aim").write_bytes(DATA)
    source = FsspecSource(f"file://{tmp_path}/m.aim")
    assert same(aimcodec.load_file(source)["small"], TENSORS["small"])
    assert same(aimcodec.load_file(open_url(f"file://{tmp_path}/m.aim"))["small"], TENSORS["small"])
    assert source.requests > 0


def test_schemes_that_need_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("obstore", "fsspec"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(ArgumentError, match="pip install obstore"):
        aimcodec.open("s3://bucket/m.aim")
