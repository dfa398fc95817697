"""Packages behind http and https: byte ranges over connections that are kept open."""

from __future__ import annotations

import base64
import http.client
import re
import threading
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from aimcodec.bits import Buffer
from aimcodec.errors import ArgumentError, TruncatedError

__all__ = ["HttpSource"]

MAX_REDIRECTS = 5
TIMEOUT_SECONDS = 60
TAIL_BYTES = 1 << 16  # of the first request, which also tells the size
WHOLE_BYTES = 1 << 24  # files up to this size are taken whole from servers that ignore ranges
ATTEMPTS = 3  # a connection that was kept open may have been closed by the server

OK, PARTIAL = 200, 206
REDIRECTS = (301, 302, 303, 307, 308)
GONE = (http.client.RemoteDisconnected, http.client.BadStatusLine, ConnectionError)


_Host = tuple[str, str | None, int | None]  # scheme, name, port


class _Answer(NamedTuple):
    """What a server said; `content_range` is first byte, last byte and size, where it said so."""

    status: int
    content_range: tuple[int, int, int] | None
    body: bytes


class HttpSource:
    """A file behind a URL, read with Range requests.

    The first request asks for the end of the file, which tells its size too. Credentials in the URL go to its own host
    only, also after redirects.

    Attributes:
        size: bytes of the file.
        requests: requests so far, redirects not counted.
        bytes_fetched: bytes that they gave.

    Raises:
        ArgumentError: the URL is none, or the server ignores ranges and the file is large.
        OSError: the server cannot be reached, or has no such file.
    """

    is_local = False

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._user = _authorization(self._url)
        self._home = self._url.hostname, self._url.port
        self._idle: list[tuple[_Host, http.client.HTTPConnection]] = []
        self._lock = threading.Lock()
        self.requests = 0
        self.bytes_fetched = 0
        try:
            self._tail_start, self._tail = self._first()
        except BaseException:
            self.close()
            raise

    def _first(self) -> tuple[int, bytes]:
        """The end of the file and its place; sets its size."""
        answer = self._request(f"bytes=-{TAIL_BYTES}")
        if answer.status == OK:
            self.size = len(answer.body)
            return 0, answer.body
        if answer.content_range is None:
            raise OSError(f"{self._url.geturl()}: the server gives a part of the file and does not say which")
        first, last, self.size = answer.content_range
        self._check(answer, first, last + 1 - first)
        return first, answer.body

    def read_at(self, offset: int, size: int) -> Buffer:
        """Bytes of the file; those of the first request are at hand.

        Raises:
            TruncatedError: the file ends before them.
            OSError: the server does not give them.
        """
        if offset + size > self.size:
            message = f"the file ends {offset + size - self.size} bytes before the data do"
            raise TruncatedError(message, bit_offset=8 * offset)
        if offset >= self._tail_start:
            return self._tail[offset - self._tail_start : offset - self._tail_start + size]
        if not size:
            return b""
        answer = self._request(f"bytes={offset}-{offset + size - 1}")
        if answer.status != PARTIAL:
            raise OSError(f"{self._url.geturl()}: the server does not give ranges any more")
        self._check(answer, offset, size)
        return answer.body

    def release(self, offset: int, size: int) -> None:
        """Nothing to release."""

    def close(self) -> None:
        """Connections that no other thread is using are closed."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _check(self, answer: _Answer, offset: int, size: int) -> None:
        """That a part is the one asked for, of the file asked for."""
        expected = (offset, offset + size - 1, self.size)
        if answer.content_range != expected or len(answer.body) != size:
            raise OSError(
                f"{self._url.geturl()}: {len(answer.body)} bytes with range {answer.content_range}, not {expected}"
            )

    def _request(self, byte_range: str) -> _Answer:
        for _ in range(ATTEMPTS - 1):
            try:
                return self._follow(byte_range)
            except GONE:
                self.close()
        try:
            return self._follow(byte_range)
        except http.client.HTTPException as error:
            raise OSError(f"{self._url.geturl()}: {error!r}") from None

    def _follow(self, byte_range: str) -> _Answer:
        """One request, and those that redirects make of it; they are followed anew each time, as they may expire."""
        url = self._url
        for _ in range(MAX_REDIRECTS + 1):
            host = url.scheme, url.hostname, url.port
            connection = self._connection(host)
            try:
                response = self._send(connection, url, byte_range)
                if response.status in REDIRECTS:
                    response.read(WHOLE_BYTES)
                    url = _redirected(url, response.getheader("Location"))
                else:
                    answer = self._answer(response)
                    self._give_back(host, connection)
                    return answer
            except BaseException:
                connection.close()
                raise
            self._give_back(host, connection)
        raise OSError(f"{self._url.geturl()}: more than {MAX_REDIRECTS} redirects")

    def _send(
        self, connection: http.client.HTTPConnection, url: SplitResult, byte_range: str
    ) -> http.client.HTTPResponse:
        headers = {"Range": byte_range, "Accept-Encoding": "identity", "User-Agent": "aimcodec"}
        if self._user and (url.hostname, url.port) == self._home:
            headers["Authorization"] = self._user
        connection.request("GET", (url.path or "/") + (f"?{url.query}" if url.query else ""), headers=headers)
        return connection.getresponse()

    def _answer(self, response: http.client.HTTPResponse) -> _Answer:
        name = self._url.geturl()
        if response.status == OK:
            length = response.getheader("Content-Length")
            if length is not None and length.isdecimal() and int(length) > WHOLE_BYTES:
                raise ArgumentError(f"{name}: the server ignores ranges, and the file has {length} bytes")
            body = response.read(WHOLE_BYTES + 1)
            if len(body) > WHOLE_BYTES:
                raise ArgumentError(f"{name}: the server ignores ranges, and the file is large")
        elif response.status == PARTIAL:
            body = response.read()
        else:
            response.read(WHOLE_BYTES)
            kind = FileNotFoundError if response.status in (404, 410) else OSError
            raise kind(f"{name}: {response.status} {response.reason}")
        with self._lock:
            self.requests += 1
            self.bytes_fetched += len(body)
        return _Answer(response.status, _content_range(response.getheader("Content-Range", "")), body)

    def _connection(self, host: _Host) -> http.client.HTTPConnection:
        """A connection that nobody uses, or a new one."""
        with self._lock:
            for place, (other, connection) in enumerate(self._idle):
                if other == host:
                    del self._idle[place]
                    return connection
        scheme, name, port = host
        if not name:
            raise ArgumentError(f"{self._url.geturl()!r} names no host")
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        return kind(name, port, timeout=TIMEOUT_SECONDS)

    def _give_back(self, host: _Host, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._idle.append((host, connection))


def _redirected(url: SplitResult, location: str | None) -> SplitResult:
    """Where a redirect leads.

    Raises:
        OSError: nowhere that may be followed.
    """
    if not location:
        raise OSError(f"{url.geturl()}: a redirect to nowhere")
    following = urlsplit(urljoin(url.geturl(), location))
    if following.scheme not in ("http", "https") or (url.scheme == "https" and following.scheme == "http"):
        raise OSError(f"{url.geturl()}: a redirect to {following.scheme} is not followed")
    return following


def _authorization(url: SplitResult) -> str:
    if url.username is None:
        return ""
    pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _content_range(text: str) -> tuple[int, int, int] | None:
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
