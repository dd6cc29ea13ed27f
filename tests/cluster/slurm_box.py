"""A real Slurm of one node on loopback: munged, slurmctld and slurmd; what they write, in a folder.

The node's CPUs and memory are what slurm.conf says they are, and its GPU is a device file that
nothing answers behind: enough for a scheduler, which only counts and assigns.

Slurm's commands read /etc/slurm (jobs of Snakemake do not hand SLURM_CONF on), so all of this runs
where /etc/slurm is a file system of its own that nobody else sees: tests/cluster/run makes one.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel")
CONFIGURATION = Path("/etc/slurm")
NVIDIA = os.makedev(195, 0)
SECONDS_TO_START = 120
SECONDS_TO_STOP = 30

CONFIG = """\
ClusterName=box
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=10
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/completed.txt
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=5
ReturnToService=2
MinJobAge=3600
MessageTimeout=60
KillWait=10
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES PriorityTier=2 PreemptMode=OFF MaxTime=1-0 State=UP
PartitionName=spare Nodes={host} PriorityTier=1 PreemptMode=REQUEUE MaxTime=1-0 State=UP
PartitionName=urgent Nodes={host} PriorityTier=3 PreemptMode=OFF MaxTime=1-0 State=UP
"""


def obstacle() -> str | None:
    """Say why no Slurm can be started here, if so."""
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        return f"Slurm is not installed ({', '.join(missing)} not found): see tests/cluster/run"
    if os.geteuid() != 0:
        return "slurmd hands jobs to their users, which only root may"
    if not CONFIGURATION.is_mount():
        return f"{CONFIGURATION} is this machine's own: run tests/cluster/run or make test-cluster"
    return None


class SlurmBox:
    """One node of `cpus` CPUs, `memory` MB and a GPU; partitions main, spare and urgent.

    A job in `urgent` takes the resources of one in `spare`, which Slurm then requeues.
    """

    def __init__(self, folder: Path, cpus: int = 16, memory: int = 64_000) -> None:
        self.folder = folder
        self._daemons: list[subprocess.Popen[bytes]] = []
        for name in ("state", "spool"):
            (folder / name).mkdir()
        os.mknod(folder / "nvidia0", 0o020666, NVIDIA)
        config = CONFIG.format(
            host=socket.gethostname().split(".")[0],
            controller_port=_free_port(),
            node_port=_free_port(),
            folder=folder,
            cpus=cpus,
            memory=memory,
        )
        (CONFIGURATION / "slurm.conf").write_text(config)
        (CONFIGURATION / "gres.conf").write_text(f"Name=gpu File={folder}/nvidia0\n")
        (folder / "munge.key").write_bytes(secrets.token_bytes(128))
        (folder / "munge.key").chmod(0o400)

    def __enter__(self) -> SlurmBox:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def call(self, *command: str) -> str:
        """Run a client command and return what it prints."""
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def jobs(self) -> dict[str, dict[str, str]]:
        """Return every job that the controller knows, finished ones too, by its number."""
        lines = self.call("scontrol", "--oneliner", "show", "job").splitlines()
        jobs = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in lines]
        return {job["JobId"]: job for job in jobs if "JobId" in job}

    def logs(self) -> str:
        """Return the daemons' last words, for whoever has to find out why it failed."""
        texts = []
        for path in sorted(self.folder.glob("*.log")):
            lines = path.read_text(errors="replace").splitlines()
            texts += [f"--- {path.name}", *lines[-30:]]
        return "\n".join(texts)

    def stop(self) -> None:
        """End all jobs and daemons, whatever state they are in."""
        if len(self._daemons) == 3:
            _run("scancel", "--user=root", seconds=30)
            wait_until(lambda: not _run("squeue", "--noheader", seconds=30), SECONDS_TO_STOP)
        for daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._daemons.clear()

    def _start(self) -> None:
        folder = str(self.folder)
        munge = ["key-file=munge.key", "socket=munge.socket", "pid-file=munged.pid"]
        munge += ["log-file=munged.log", "seed-file=munged.seed"]
        options = [f"--{name.replace('=', f'={folder}/')}" for name in munge]
        self._daemon("munged", "--foreground", "--force", *options)
        assert wait_until((self.folder / "munge.socket").exists, SECONDS_TO_START), self.logs()
        self._daemon("slurmctld", "-D")
        self._daemon("slurmd", "-D")
        assert wait_until(self._idle, SECONDS_TO_START), self.logs()

    def _daemon(self, *command: str) -> None:
        with (self.folder / f"{command[0]}.out").open("wb") as log:
            daemon = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        self._daemons.append(daemon)

    def _idle(self) -> bool:
        for daemon in self._daemons:
            assert daemon.poll() is None, f"{daemon.args} ended: {self.logs()}"
        return "idle" in _run("sinfo", "--noheader", "--format=%T", seconds=60)


def _run(*command: str, seconds: int) -> str:
    """Return what a command prints, nothing if it does not answer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def wait_until(condition: Callable[[], object], seconds: float, every: float = 0.5) -> bool:
    """Wait for `condition`; False if `seconds` went by without it."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
