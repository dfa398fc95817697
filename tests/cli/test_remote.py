"""Packages behind a web server: what is fetched, as the log of the server says."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import aimcodec

from .command import Command
from .models import rich_package, weights

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  log_format bytes '$request_method $uri $status $body_bytes_sent';
  access_log {folder}/access.log bytes;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
  }}
}}
"""


@dataclass
class Server:
    """A web server for a folder."""

    folder: Path
    port: int

    @property
    def files(self) -> Path:
        return self.folder / "files"

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def sent(self) -> tuple[int, int]:
        """Requests answered and bytes sent since the last call."""
        log = self.folder / "access.log"
        # An answer is logged after it was sent, perhaps a moment after it was read.
        self._settle(log)
        lines = log.read_text().splitlines()
        log.write_text("")
        return len(lines), sum(int(line.split()[3]) for line in lines)

    def _settle(self, log: Path) -> None:
        size = -1
        while size != log.stat().st_size:
            size = log.stat().st_size
            time.sleep(0.1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    (folder / "files").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port) + user())
    process = subprocess.Popen([str(NGINX), "-p", str(folder), "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield Server(folder, port)
    finally:
        process.terminate()
        process.wait()


def user() -> str:
    """Workers of root's server keep its rights, to read what the test wrote."""
    import os

    return "user root;\n" if os.getuid() == 0 else ""


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if process.poll() is not None:
            pytest.skip("nginx does not start here")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("nginx does not answer")


@pytest.fixture(scope="module")
def large(server: Server) -> Path:
    """A package of 40 tensors of 1 MB each, and things beside them."""
    file = server.files / "large.aim"
    random = np.random.default_rng(0)
    with aimcodec.Writer(file) as writer:
        writer.add_metadata({"title": "large"})
        writer.add_asset("vocab.json", b"[]" * 1000)
        writer.set_structure(b"graph", "text/plain")
        for number in range(40):
            writer.add_tensor(f"t{number}", random.integers(0, 256, 1 << 20, np.uint8))
    return file


def test_one_tensor_costs_itself(server: Server, large: Path, aimc: Command, tmp_path: Path) -> None:
    server.sent()
    output = tmp_path / "t.npy"
    result = aimc("extract", server.url("large.aim"), "t17", "-o", output)
    assert result.code == 0, result.err
    requests, sent = server.sent()
    assert np.load(output).tobytes() == aimcodec.load_file(large)["t17"].tobytes()
    with aimcodec.open(large) as opened:
        coded = opened.info("t17").coded_bytes
    assert coded <= sent
    assert sent - coded < 0.01 * large.stat().st_size
    assert requests <= 4
    assert f"{sent:,} bytes fetched in {requests:,} requests" in result.err


def test_a_slice_costs_its_blocks(server: Server, aimc: Command, tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (64, 1 << 18), np.uint8)
    aimcodec.save_file({"w": array}, server.files / "wide.aim")
    server.sent()
    output = tmp_path / "t.npy"
    assert aimc("extract", server.url("wide.aim"), "w", "--slice", "20:22", "-o", output).code == 0
    assert np.load(output).tolist() == array[20:22].tolist()
    _, sent = server.sent()
    assert sent < 0.2 * array.nbytes


def test_what_is_beside_the_tensors_costs_no_tensor(server: Server, large: Path, aimc: Command, tmp_path: Path) -> None:
    for arguments in (
        ["info", server.url("large.aim"), "--json"],
        ["ls", server.url("large.aim")],
        ["extract", server.url("large.aim"), "--asset", "vocab.json", "-o", str(tmp_path / "v")],
    ):
        server.sent()
        result = aimc(*arguments)
        assert result.code == 0, result.err
        _, sent = server.sent()
        assert 0 < sent < 100_000, arguments
        assert result.err.count("\n") == 1
        assert "bytes fetched" in result.err
    with aimcodec.open(server.url("large.aim")) as opened:
        server.sent()
        structure = opened.structure
        assert structure is not None
        assert structure.data == b"graph"
        assert server.sent()[1] < 10_000


def test_whole_packages_are_read(server: Server, aimc: Command, tmp_path: Path) -> None:
    rich_package(server.files / "rich.aim")
    url = server.url("rich.aim")
    local, remote = tmp_path / "local.safetensors", tmp_path / "remote.safetensors"
    assert aimc("decode", url, "-o", remote, "--variant", "half").code == 0
    assert aimc("decode", server.files / "rich.aim", "-o", local, "--variant", "half").code == 0
    assert remote.read_bytes() == local.read_bytes()
    verified = aimc("verify", url)
    assert (verified.code, verified.out.startswith(url)) == (0, True)
    record = json.loads(aimc("info", url, "--json").out)
    assert record["bytes"] == (server.files / "rich.aim").stat().st_size
    data = bytearray((server.files / "rich.aim").read_bytes())
    data[len(data) // 2] ^= 1
    (server.files / "bad.aim").write_bytes(data)
    assert aimc("verify", server.url("bad.aim")).code == 1


def test_what_a_server_refuses(server: Server, aimc: Command, tmp_path: Path) -> None:
    assert aimc("info", server.url("missing.aim")).code == 6
    (server.files / "short.aim").write_bytes(b"short")
    assert aimc("info", server.url("short.aim")).code == 3
    (server.files / "other.aim").write_bytes(weights().tobytes())
    assert aimc("info", server.url("other.aim")).code == 3
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    result = aimc("info", f"http://127.0.0.1:{closed}/x.aim")
    assert result.code == 6
    assert result.err.count("\n") == 1
