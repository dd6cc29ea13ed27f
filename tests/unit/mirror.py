"""An HTTP server on loopback that answers as scripted: well, wrongly, in part, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """An answer in `pieces`, with a pause of some seconds after each; then the server hangs up.

    `length` is what the answer announces, by default its true length.
    """

    pieces: Sequence[bytes]
    status: int = 200
    length: int | None = None
    pause: float = 0.0


def answer(status: int, body: bytes = b"<html>Sorry</html>") -> Reply:
    return Reply([body], status)


def serve(body: bytes) -> Reply:
    return Reply([body])


def promise(length: int, body: bytes) -> Reply:
    """Announce `length` bytes, send `body`, and hang up."""
    return Reply([body], length=length)


def stall(length: int, body: bytes) -> Reply:
    """Announce `length` bytes, send `body`, and no more, with the connection still open."""
    return Reply([body], length=length, pause=30)


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
                length = sum(map(len, reply.pieces)) if reply.length is None else reply.length
                self.send_response(reply.status)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                try:
                    for piece in reply.pieces:
                        self.wfile.write(piece)
                        self.wfile.flush()
                        mirror._closing.wait(reply.pause)
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
