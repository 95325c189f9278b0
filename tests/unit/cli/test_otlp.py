"""Sent to a server on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

import rows
from synscope.capture.file import write
from synscope.cli import otlp
from synscope.errors import Exit, SynscopeError


class Collector(BaseHTTPRequestHandler):
    """Keeps what it gets; answers with `status` and `answer`."""

    status, answer = 200, b"{}"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_):
        """Not on stderr."""


@pytest.fixture
def collector(monkeypatch):
    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        server.got = []
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "t.syn"
    write(path, rows.trace([np.concatenate([rows.listener_row(), rows.client_row(), rows.server_row()])]))
    return path


def test_a_connection_is_sent(cli, saved, collector):
    result = cli("export", saved, "--otlp", collector.url)
    assert result.exit_code == 0, result.stderr
    assert f"sent 1 connection to {collector.url}/v1/traces" in result.stderr
    ((path, kind, told),) = collector.got
    assert (path, kind) == ("/v1/traces", "application/json")
    assert told["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"] == "socket connect"


def test_a_url_with_a_path_is_taken_as_it_is(cli, saved, collector):
    cli("export", saved, "--otlp", f"{collector.url}/otlp/traces")
    assert collector.got[0][0] == "/otlp/traces"


def test_a_collector_that_refuses_is_quoted(cli, saved, collector, monkeypatch):
    monkeypatch.setattr(Collector, "status", 404)
    monkeypatch.setattr(Collector, "answer", b"no such \x1bpage")
    result = cli("export", saved, "--otlp", f"{collector.url}/x")
    assert result.exit_code == Exit.FAILED
    assert "404 Not Found: no such \\x1bpage" in result.stderr and "/v1/traces" in result.stderr


def test_what_it_rejects_is_said(cli, saved, collector, monkeypatch):
    told = {"partialSuccess": {"rejectedSpans": "3", "errorMessage": "too old"}}
    monkeypatch.setattr(Collector, "answer", json.dumps(told).encode())
    result = cli("export", saved, "--otlp", collector.url)
    assert "rejected 3 spans: too old" in result.stderr


@pytest.mark.parametrize("answer", [b"", b"[1]", b'{"partialSuccess": 7}', b"<html>"])
def test_an_answer_that_is_no_protocol_is_no_traceback(cli, saved, collector, monkeypatch, answer):
    monkeypatch.setattr(Collector, "answer", answer)
    assert cli("export", saved, "--otlp", collector.url).exit_code == 0


def test_nobody_there(cli, saved, collector):
    url = collector.url
    collector.shutdown()
    collector.server_close()
    result = cli("export", saved, "--otlp", url)
    assert result.exit_code == Exit.FAILED
    assert "Connection refused. Try:" in result.stderr


@pytest.mark.parametrize(
    "url", ["localhost:4318", "ftp://x", "http://", "http://[::", "http://x:99999", "/etc"]
)
def test_what_is_no_url(url):
    with pytest.raises(SynscopeError) as raised:
        otlp.endpoint(url)
    assert raised.value.code == Exit.USAGE


def test_the_path_of_a_collector():
    assert otlp.endpoint("http://[::1]:4318") == "http://[::1]:4318/v1/traces"
    assert otlp.endpoint("https://otel.example/") == "https://otel.example/v1/traces"
