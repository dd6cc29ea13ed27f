"""A process that imports the libraries once and runs the commands of one workflow in forks.

`import torch` takes longer than a short training job. The workflow starts the server, and
`python -m mlpstudy` hands its command over. It runs the command itself if there is no server or
if the server ends before the command does.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import multiprocessing
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Collection, Iterable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

from mlpstudy.errors import SIGNALS, stop_on_signals

ADDRESS = "MLPSTUDY_SERVER"  # in the environment of the workflow's jobs
# Modules that the server imports before it forks for a subcommand. None of them computes anything
# when it is imported, so that no library has threads in the server, which would end in a fork.
IMPORTS = {
    "train": ("mlpstudy.training.devices", "mlpstudy.training.job"),
    "probe": ("mlpstudy.analysis.saturation",),
    "tabulate": ("mlpstudy.analysis.tables", "scipy.stats"),
    "contrast": ("mlpstudy.analysis.contrasts", "scipy.stats"),
    "audit": ("mlpstudy.audit.checks", "scipy.stats"),
    "judge": ("mlpstudy.claims.judging", "scipy.stats"),
    "draw": ("mlpstudy.figures.drawing",),
    "provenance": ("mlpstudy.report.provenance",),
    "render": ("mlpstudy.report.pages",),
    "typeset": ("mlpstudy.report.pages",),
}
NUMBER = struct.Struct("=i")  # a length, a process or a status
PR_SET_PDEATHSIG = 1
# One thread, so that numpy's results do not depend on the machine's cores. torch gets `--threads`.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def start(subcommands: Iterable[str] = ()) -> subprocess.Popen[bytes] | None:
    """Start a server that ends with this process, and put its address into the environment.

    While it is idle, it imports the modules of `subcommands`, which will be called. It does not if
    one of them is `train`, because the forks of training jobs would get larger.

    Return None where there is no support: it takes Linux to end the forks with the server.
    """
    if sys.platform != "linux":
        return None
    address = f"mlpstudy-{secrets.token_hex(16)}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{address}")  # an abstract name: there is no file to remove
        listener.listen(64)
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listener.fileno()), *sorted(subcommands)],
            stdin=subprocess.PIPE,  # closed when this process ends, however it does
            pass_fds=[listener.fileno()],
            env={**os.environ, **ONE_THREAD},
        )
    os.environ[ADDRESS] = address
    return process


# ---- The client -------------------------------------------------------------------------------


def hand_over(address: str) -> None:
    """Have the server run the command of this process, and exit with its status.

    Return if the server is gone, or ends before the command does.
    """
    stop_on_signals()
    state = {"argv": sys.argv, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    message = json.dumps(state).encode()
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as server:
        server.connect(f"\0{address}")
        socket.send_fds(server, [NUMBER.pack(len(message))], [0, 1, 2])
        server.sendall(message)
        if process := server.recv(NUMBER.size, socket.MSG_WAITALL):
            _forward_signals(*NUMBER.unpack(process))
            if status := server.recv(NUMBER.size, socket.MSG_WAITALL):
                sys.exit(*NUMBER.unpack(status))


def _forward_signals(process: int) -> None:
    def forward(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)

    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, forward)


# ---- The server -------------------------------------------------------------------------------


def serve(listener: socket.socket, subcommands: Collection[str] = ()) -> None:
    """Fork for each client until the workflow has ended, and then until the last fork has."""
    ahead = [] if "train" in subcommands else [name for name in IMPORTS if name in subcommands]
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # the clients forward those for their forks
    forks: dict[socket.socket, BaseProcess] = {}
    is_open = True
    while is_open or forks:
        sources: list[Any] = [*forks, *(process.sentinel for process in forks.values())]
        waited = [*sources, listener, 0] if is_open else sources
        ready = wait(waited, timeout=0 if ahead else None)
        if ahead and not ready:
            _import(ahead.pop(0))
        for client, process in list(forks.items()):
            if process.sentinel in ready or client in ready:
                _end(client, process)
                del forks[client]
        if listener in ready:
            client, _ = listener.accept()
            with contextlib.suppress(OSError, struct.error):  # a client that was killed
                forks[client] = _fork(client)
        if 0 in ready:  # the workflow, which held the other end of the standard input, has ended
            is_open = False


def _end(client: socket.socket, process: BaseProcess) -> None:
    """Tell the client how its fork ended, or end the fork, as the client was killed."""
    process.join(0)
    if process.exitcode is None:
        process.kill()
        process.join()
    code = process.exitcode or 0
    with contextlib.suppress(OSError), client:
        client.sendall(NUMBER.pack(code if code >= 0 else 128 - code))


def _fork(client: socket.socket) -> BaseProcess:
    """Start the command that a client of the same user sends."""
    _, user, _ = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if user != os.getuid():
        raise PermissionError
    header, streams, *_ = socket.recv_fds(client, NUMBER.size, 3)
    state = json.loads(client.recv(NUMBER.unpack(header)[0], socket.MSG_WAITALL))
    _import(state["argv"][1])
    if state["argv"][1] == "train":
        # Kept by all forks: that of the code that they run, whatever becomes of the files.
        importlib.import_module("mlpstudy.fingerprint").training_fingerprint()
    process = multiprocessing.get_context("fork").Process(target=_run, args=(state, streams))
    process.start()
    for stream in streams:
        os.close(stream)
    with contextlib.suppress(OSError):
        client.sendall(NUMBER.pack(process.pid))
    return process


def _import(subcommand: str) -> None:
    for module in IMPORTS.get(subcommand, ()):
        with contextlib.suppress(Exception):  # the command meets the same error, and says so
            importlib.import_module(module)


def _run(state: dict[str, Any], streams: list[int]) -> None:
    """Run a command in a fork as in a process of its own; it is killed when the server ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()  # it gets the signals of its client, not those of the workflow's process group
    stop_on_signals()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(state["folder"])
    # What the imported modules have set, such as MKL_CBWR, stays.
    os.environ.update(state["environment"])
    sys.argv = state["argv"]
    importlib.import_module("mlpstudy.cli").main()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
