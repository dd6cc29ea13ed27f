"""An HTTP server on loopback that answers as scripted: well, wrongly, in part, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Gets the request, and an event that is set when the server closes.
Reply = Callable[[BaseHTTPRequestHandler, threading.Event], None]


def answer(status: int, body: bytes = b"<html>Sorry</html>", length: int | None = None) -> Reply:
    """Send `body`, announced as `length` bytes."""

    def reply(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def serve(body: bytes) -> Reply:
    return answer(200, body)


def promise(length: int, body: bytes) -> Reply:
    """Announce `length` bytes, send `body`, and hang up."""
    return answer(200, body, length)


def stall(length: int, body: bytes) -> Reply:
    """Announce `length` bytes, send `body`, and no more, with the connection still open."""

    def reply(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        promise(length, body)(handler, closing)
        handler.wfile.flush()
        closing.wait(30)

    return reply


def drip(length: int, pause: float) -> Reply:
    """Send a byte now and then: never silent for long, never done."""

    def reply(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        promise(length, b"")(handler, closing)
        while not closing.wait(pause):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    return reply


class Mirror:
    """Replies by path, each used once except the last; a path without a reply is a 404."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.requests: list[str] = []  # the paths
        self._closing = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.requests.append(self.path.lstrip("/"))
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

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
