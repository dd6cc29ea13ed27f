"""One file over HTTP: resumed where it stopped, retried where that helps, left when it stalls."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential, wait_random
from tqdm import tqdm

from mlpstudy.errors import StudyError

logger = logging.getLogger(__name__)

# Far more than any data set of this shape, packed or not: whatever is larger is not one.
MAXIMUM_BYTES = 1 << 30
# A mirror slower than this has stalled, even if a byte now and then keeps the connection alive.
MINIMUM_RATE = 1000.0
# What httpx takes from the environment.
VARIABLES = {"all_proxy", "http_proxy", "https_proxy", "no_proxy", "ssl_cert_dir", "ssl_cert_file"}


class RefusedError(Exception):
    """A source cannot give this file, for the reason in the text; it may still give another."""


class UnavailableError(Exception):
    """A source cannot give any file, for the reason in the text."""


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Say of an OSError in the block that `folder` cannot be written; no other source helps.

    Raises:
        StudyError: there was one.
    """
    try:
        yield
    except OSError as error:
        raise StudyError(
            f"{folder}: the data cannot be written there "
            f"({error.strerror or error}); make room or set the folder right and run again"
        ) from error


@dataclass(frozen=True)
class Patience:
    """How long to wait for a mirror.

    `connect` is seconds to connect; `stall` seconds without (enough) data; `attempts` how often to
    try, when trying again can help; `backoff` seconds before the second try, doubling from there.
    """

    connect: float = 10.0
    stall: float = 20.0
    attempts: int = 4
    backoff: float = 1.0


def download(url: str, part: Path, patience: Patience) -> bool:
    """Bring `url` to `part`, going on from the bytes that `part` already holds.

    Returns whether it went on from earlier bytes: the caller, who can check the content, then knows
    that a fresh start may mend it. Raises RefusedError when the server does not have the file;
    UnavailableError when it cannot be reached, stalls, or fails after all attempts (`part` is kept
    for the next time); StudyError when `part` cannot be written.
    """
    retrying = Retrying(
        stop=stop_after_attempt(patience.attempts),
        wait=wait_exponential(patience.backoff, max=30) + wait_random(0, patience.backoff),
        retry=retry_if_exception(_is_transient),
        before_sleep=_log_retry,
        reraise=True,
    )
    try:
        with _client(patience) as client:
            return retrying(_receive, client, url, part, patience)
    except RefusedError:
        part.unlink(missing_ok=True)
        raise
    except httpx.HTTPStatusError as error:
        reason = f"answers {error.response.status_code} {error.response.reason_phrase}".strip()
        raise (UnavailableError if _is_transient(error) else RefusedError)(reason) from error
    except httpx.TimeoutException as error:
        reason = str(error) or type(error).__name__
        raise UnavailableError(f"stalled or too slow to answer ({reason})") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnavailableError(str(error) or type(error).__name__) from error


def _client(patience: Patience) -> httpx.Client:
    timeout = httpx.Timeout(patience.stall, connect=patience.connect)
    try:
        return httpx.Client(timeout=timeout, follow_redirects=True)
    except Exception as error:  # a proxy or certificates that cannot be used, of whatever kind
        # Not their values: an address of a proxy may hold a password.
        found = ", ".join(sorted(key for key in os.environ if key.lower() in VARIABLES))
        raise UnavailableError(
            f"no connection can be set up ({error}); the environment sets {found or 'no proxy'}"
        ) from error


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        code = error.response.status_code
        return code in {408, 416, 425, 429} or code >= 500
    lasting = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
    if not isinstance(error, httpx.TransportError) or isinstance(error, lasting):
        return False
    return not _is_unknown_host(error)


def _is_unknown_host(error: BaseException) -> bool:
    """Tell a name that does not exist, as on a machine without web access, from a busy resolver."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, socket.gaierror):
        cause = cause.__cause__ or cause.__context__
    return cause is not None and cause.errno != socket.EAI_AGAIN


def _log_retry(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    wait = state.next_action.sleep if state.next_action else 0.0
    logger.info("%s: %s; trying again in %.1f s", state.args[1], error or "failed", wait)


def _receive(client: httpx.Client, url: str, part: Path, patience: Patience) -> bool:
    with writing_to(part.parent):
        held = part.stat().st_size if part.exists() else 0
    # The packed bytes are wanted as they lie there, so that a Range counts the same bytes.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={held}-"} if held else {})
    with client.stream("GET", url, headers=headers) as response:
        content_range = response.headers.get("Content-Range", "")
        if response.status_code == 416:
            if content_range == f"bytes */{held}":
                return True  # everything was there already
            part.unlink()
        response.raise_for_status()
        resumed = held > 0 and content_range.startswith(f"bytes {held}-")
        if response.status_code != 200 and not resumed:
            raise RefusedError(f"answers {response.status_code} {content_range}".strip())
        length = int(response.headers.get("Content-Length") or 0)
        _save(response, part, held if resumed else 0, length, patience)
        return resumed


def _save(response: httpx.Response, part: Path, held: int, length: int, patience: Patience) -> None:
    total = held + length if length else None
    name = response.url.path.rpartition("/")[2]
    bar = tqdm(
        desc=name, initial=held, total=total, unit="B", unit_scale=True, disable=None, leave=False
    )
    if bar.disable:
        size = f"{total / 1e6:.1f} MB" if total else "size unknown"
        logger.info("downloading %s (%s, %.1f MB held)", response.url, size, held / 1e6)
    with bar, writing_to(part.parent), part.open("ab" if held else "wb") as stream:
        for chunk in _at_pace(response.iter_raw(), patience.stall):
            held += len(chunk)
            if held > MAXIMUM_BYTES:
                raise RefusedError(f"sends more than {MAXIMUM_BYTES} bytes")
            stream.write(chunk)
            bar.update(len(chunk))


def _at_pace(chunks: Iterator[bytes], stall: float) -> Iterator[bytes]:
    """Pass the chunks on until, for `stall` seconds, they come slower than MINIMUM_RATE."""
    since, received = time.monotonic(), 0
    for chunk in chunks:
        yield chunk
        received += len(chunk)
        elapsed = time.monotonic() - since
        if elapsed > stall:
            if received < MINIMUM_RATE * elapsed:
                raise httpx.ReadTimeout(f"{received} bytes in {elapsed:.0f} s")
            since, received = time.monotonic(), 0
