"""An HTTP server on loopback that answers as scripted: well, wrongly, in part, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

Reply = Callable[[BaseHTTPRequestHandler, threading.Event], None]


def serve(body: bytes, ranges: bool = True) -> Reply:
    """All of `body`, or from where a Range header says."""

    def reply(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        wanted = handler.headers.get("Range") if ranges else None
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if wanted and start >= len(body):
            _head(handler, 416, {"Content-Range": f"bytes */{len(body)}", "Content-Length": "0"})
            return
        extra = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if wanted else {}
        size = {"Content-Length": str(len(body) - start)}
        _head(handler, 206 if wanted else 200, extra | size)
        handler.wfile.write(body[start:])

    return reply


def answer(status: int, body: bytes = b"<html>Sorry</html>") -> Reply:
    def reply(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        _head(handler, status, {"Content-Length": str(len(body))})
        handler.wfile.write(body)

    return reply


def promise(length: int, body: bytes) -> Reply:
    """Announce `length` bytes, send `body`, and hang up."""

    def reply(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        _head(handler, 200, {"Content-Length": str(length)})
        handler.wfile.write(body)

    return reply


def stall(length: int, body: bytes) -> Reply:
    """Announce `length` bytes, send `body`, and say no more, the connection still open."""

    def reply(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        promise(length, body)(handler, closing)
        handler.wfile.flush()
        closing.wait(30)

    return reply


def drip(length: int, pause: float) -> Reply:
    """A byte now and then: never silent for long, never done."""

    def reply(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        _head(handler, 200, {"Content-Length": str(length)})
        while not closing.wait(pause):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    return reply


def _head(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()


class Mirror:
    """Replies by path, each used once except the last; what has no reply is a 404."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.requests: list[tuple[str, str | None]] = []  # path, Range
        self._closing = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.requests.append((self.path.lstrip("/"), self.headers.get("Range")))
                script = mirror.replies.get(self.path.lstrip("/"), [answer(404)])
                reply = script.pop(0) if len(script) > 1 else script[0]
                try:
                    reply(self, mirror._closing)
                except ConnectionError:
                    self.close_connection = True  # the client has left, as some tests want

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Mirror:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
