"""What to ask a GPU, in one command of less than eight minutes: `make device-check`.

    python -m benchmarks.device_check [--output FOLDER] [--seconds 420] [--smoke]

Sections run in the order in which they would be missed: agreement with float64, determinism,
throughput, several processes on the GPU, a whole job. Whatever no time is left for is listed as
skipped. Results are in FOLDER/device-check.json after every section, and printed as tables at the
end. The exit status is 1 if a check failed. `--smoke` runs the same code on the CPU in a minute.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import ROOT
from benchmarks.device_peers import STEPS, jax_runs, torch_runs
from mlpstudy.data.dataset import Dataset
from mlpstudy.spec import Job, Spec
from mlpstudy.training import recorded
from mlpstudy.training.devices import choose_device
from mlpstudy.training.job import run_job
from mlpstudy.training.network import Network
from mlpstudy.training.optimizers import optimizer_named
from mlpstudy.training.trainer import Trainer

DEEP = (512, 256, 200, 128, 100, 64, 50, 20, 10)
MODELS: dict[str, dict[str, Any]] = {
    "m01": {"nodes": (128, 64, 10)},
    "m05": {"nodes": (256, 128, 64, 32, 16, 10), "loss": "kl_divergence"},
    "m08": {"nodes": (1024, *DEEP), "dropout": 0.2},
    "m10": {"nodes": DEEP, "dropout": 0.2, "batch_norm": True, "batch_size": 128},
}
# Every activation, loss and optimizer, with and without batch normalisation and dropout.
SMALL: list[dict[str, Any]] = [
    {"activation": "relu"},
    {"activation": "leaky_relu", "optimizer": "adamw", "loss": "kl_divergence", "batch_norm": True},
    {"activation": "sigmoid", "optimizer": "rmsprop", "loss": "kl_divergence", "kl": "exact"},
    {"activation": "tanh", "optimizer": "sgd", "dropout": 0.3},
    {"activation": "elu", "loss": "kl_divergence", "batch_norm": True, "dropout": 0.3},
    {"activation": "gelu", "optimizer": "rmsprop"},
    {"batch_size": 1},
]
DEPTHS = (1, 3, 12, 64, 256)


class Check:
    """The device, the data, the deadline, and what was found so far."""

    def __init__(self, output: Path, seconds: float, *, smoke: bool) -> None:
        self.device = choose_device("cpu" if smoke else "cuda", when_taken="share")
        self.smoke = smoke
        self.data = images_like_fashion_mnist(2000 if smoke else 60_000)
        self.found: dict[str, Any] = {"failed": [], "skipped": []}
        self._started, self._seconds, self._output = time.time(), seconds, output

    def left(self) -> float:
        """Return the seconds until the deadline."""
        return self._seconds - (time.time() - self._started)

    def note(self, name: str, value: object) -> None:
        """Keep a result, print it and write all that there is."""
        self.found[name] = value
        print(f"[{time.time() - self._started:4.0f} s] {name}: {value}", flush=True)
        self.save()

    def save(self) -> None:
        """Write all results."""
        self._output.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.found, indent=1, default=str)
        (self._output / "device-check.json").write_text(text, encoding="utf-8")

    def need(self, fulfilled: bool, text: str) -> None:
        """Keep `text` as a failure unless it is fulfilled."""
        if not fulfilled:
            self.found["failed"].append(text)
            print(f"FAILED: {text}", flush=True)

    def trainer(self, depth: int, *, on_cpu: bool = False, **fields: Any) -> Trainer:
        """Return the trainer of `depth` replicates of a spec."""
        device = torch.device("cpu") if on_cpu else self.device
        return Trainer(job_of(depth, **fields), self.data, device)

    def synchronize(self) -> None:
        """Wait for the GPU."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def time(self, run: Callable[[], object], seconds: float = 0.4) -> float:
        """Return the seconds of a call, after two that warm up."""
        for _ in range(2):
            run()
        self.synchronize()
        count, started = 0, time.perf_counter()
        while time.perf_counter() - started < (0.02 if self.smoke else seconds):
            run()
            self.synchronize()
            count += 1
        return (time.perf_counter() - started) / count


def images_like_fashion_mnist(train: int, test: int = 500) -> Dataset:
    """Return noisy images of ten prototypes, of Fashion-MNIST's shape."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, train + test).astype(np.uint8)
    images = generator.normal(0, 70, (train + test, 784)).astype(np.float32)
    images += 0.5 * generator.integers(0, 256, (10, 784))[labels]
    return Dataset(
        name="noise", classes=tuple("0123456789"), images=images.clip(0, 255).astype(np.uint8),
        labels=labels, train=train, test=test, height=28, width=28, digest="noise",
    )  # fmt: skip


def job_of(depth: int, **fields: Any) -> Job:
    """Return a job of `depth` replicates of the spec with `fields`."""
    own = {"nodes": (64, 32, 10), "pixels": "unit", "epochs": 2, **fields}
    spec = Spec.from_fields({**vars(Spec(nodes=(10,))), **own})
    return Job(
        condition="check", model="m", fold="all", first=1, last=depth, seed=7, data="noise",
        subset=None, code="", spec=spec,
    )  # fmt: skip


def train(trainer: Trainer, steps: int, epoch: int = 1) -> None:
    """Train for a number of whole batches and a smaller one."""
    rows = trainer.order(epoch)[:, : steps * trainer.spec.batch_size + 1]
    trainer.train(rows, epoch)


@contextlib.contextmanager
def nothing_recorded() -> Iterator[None]:
    """Let a GPU start every operation by itself in the block, as during the warm-up."""
    warm_up, recorded.WARM_UP = recorded.WARM_UP, 10**9
    try:
        yield
    finally:
        recorded.WARM_UP = warm_up


def agreement(check: Check) -> None:
    """Compare 20 steps with float64 on the CPU, beside the CPU's own float32."""
    for fields in [*SMALL, MODELS["m10"]]:
        steps = 3 if fields is MODELS["m10"] else 20
        trainers = [check.trainer(3, on_cpu=n > 0, **fields) for n in range(3)]
        exact = trainers[2]
        like = torch.empty(0, dtype=torch.float64)
        exact.network = Network(exact.spec, 784, exact.streams("weights"), like)
        exact.optimizer = optimizer_named(
            exact.spec.optimizer, exact.network.groups, exact.spec.learning_rate
        )
        start = weights(exact)
        for trainer in trainers:
            train(trainer, steps)
        moved = (weights(exact) - start).norm()
        ours, cpu = ((weights(t) - weights(exact)).norm() / moved for t in trainers[:2])
        name = "agreement " + " ".join(f"{key}={value}" for key, value in fields.items())
        check.note(name, f"device {ours:.1e}, CPU {cpu:.1e}")
        check.need(float(ours) < max(10 * float(cpu), 1e-5), f"{name}: off by {ours:.1e}")


def weights(trainer: Trainer) -> Tensor:
    """Return all weights as one vector of float64 on the CPU."""
    tensors = trainer.network.named_tensors().values()
    return torch.cat([tensor.double().cpu().flatten() for tensor in tensors])


def determinism(check: Check) -> None:
    """Train the same twice, interrupted, without graphs and in a deeper stack."""
    for name in ["m01"] if check.smoke else ["m01", "m10"]:
        first = five_epochs(check, name)
        check.need(first.equal(five_epochs(check, name)), f"{name}: two trainings differ")
        interrupted = five_epochs(check, name, interrupted=True)
        check.need(first.equal(interrupted), f"{name}: a resumed training differs")
        with nothing_recorded():
            check.need(first.equal(five_epochs(check, name)), f"{name}: recorded steps differ")
        shared = five_epochs(check, name, depth=24)
        check.note(f"{name}, stack of 24 against 3", float((first - shared).abs().max()))
    if check.device.type == "cuda":
        for name in MODELS:
            trainer = check.trainer(3, **MODELS[name])
            for epoch in range(1, 6):  # until all is recorded
                train(trainer, 10, epoch)
            check.need(not waits(trainer), f"{name}: a step waits for the GPU")


def five_epochs(check: Check, name: str, depth: int = 3, *, interrupted: bool = False) -> Tensor:
    """Return the first replicate's weights after five short epochs."""
    trainer = check.trainer(depth, **MODELS[name])
    for epoch in range(1, 6):
        train(trainer, 9, epoch)
        if interrupted and epoch == 2:
            kept = {key: value.cpu().clone() for key, value in trainer.tensors().items()}
            steps = trainer.optimizer.steps
            trainer = check.trainer(depth, **MODELS[name])
            trainer.restore(kept, steps)
    tensors = trainer.network.named_tensors().values()
    return torch.cat([tensor[0].cpu().flatten() for tensor in tensors])


def waits(trainer: Trainer) -> bool:
    """Tell whether PyTorch finds that the host waits for the GPU within an epoch."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        train(trainer, 10)
    except RuntimeError as error:
        print(error)
        return True
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return False


def throughput(check: Check) -> None:
    """Time a step by model, depth and tool."""
    rows: list[dict[str, Any]] = []
    check.found["throughput"] = rows
    for name in ["m01"] if check.smoke else list(MODELS):
        for depth in (1, 3) if check.smoke else DEPTHS:
            if check.left() < 90:
                check.found["skipped"].append(f"throughput of {name}, {depth} replicates")
                continue
            row: dict[str, Any] = {"model": name, "depth": depth}
            rows.append(row)
            try:
                for tool, seconds in times(check, name, depth):
                    row[tool] = seconds * 1e6
            except torch.OutOfMemoryError:
                row["error"] = "out of memory"
            if check.device.type == "cuda":
                row["MB"] = torch.cuda.max_memory_allocated() / 1e6
                gc.collect()
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
            check.save()


def times(check: Check, name: str, depth: int) -> Iterator[tuple[str, float]]:
    """Yield each tool with the seconds of its step."""
    yield "recorded", our_step(check, name, depth)
    with nothing_recorded():
        yield "launched", our_step(check, name, depth)
    images = check.data.images[: check.data.train].astype(np.float32) / np.float32(255)
    labels = check.data.labels[: check.data.train].astype(np.int64)
    spec = job_of(depth, **MODELS[name]).spec
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    on_device = [torch.from_numpy(array).to(check.device) for array in (images, labels)]
    for tool, run in torch_runs(spec, on_device[0], on_device[1], depth).items():
        yield tool, check.time(run) / STEPS
    for tool, run in jax_runs(spec, images, labels, depth).items():
        yield tool, check.time(run) / STEPS
    torch.use_deterministic_algorithms(deterministic)


def our_step(check: Check, name: str, depth: int) -> float:
    """Return the seconds of a step of the whole stack."""
    steps = 10 if check.smoke else 100
    trainer = check.trainer(depth, **MODELS[name])
    for _ in range(4):  # the last batch is recorded in the fourth
        train(trainer, steps)
    return check.time(lambda: train(trainer, steps)) / steps


def processes(check: Check) -> None:
    """Count the steps per second of m01, stacks of 3, in several processes on the device."""
    command = [sys.executable, "-m", "benchmarks.device_check", "--worker"]
    command += ["--smoke"] * check.smoke
    for count in (1,) if check.smoke else (1, 4, 8):
        started = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            for _ in range(count)
        ]
        rates = [float(process.communicate(timeout=90)[0].split()[-1]) for process in started]
        check.note(f"steps per second, {count} processes", round(sum(rates)))


def work(check: Check, seconds: float) -> None:
    """Train as one of several processes, and print the steps per second."""
    trainer = check.trainer(3, **MODELS["m01"])
    train(trainer, 20)
    steps, started = 0, time.time()
    while time.time() - started < seconds:
        train(trainer, 20)
        check.synchronize()
        steps += 21
    print(steps / (time.time() - started))


def whole_job(check: Check) -> None:
    """Run a job of 12 replicates, two epochs, from its start to its files."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.time()
        run_job(job_of(12, **MODELS["m01"]), check.data, Path(folder, "job"), check.device, 1)
        check.note("seconds of a job, m01, 12 replicates", round(time.time() - started, 1))
        check.need(Path(folder, "job", "metrics.csv").is_file(), "the job wrote no metrics")


def table(rows: list[dict[str, Any]]) -> str:
    """Return the microseconds of a step and replicate, by tool."""
    tools = list(dict.fromkeys(key for row in rows for key in row if key not in NOT_TOOLS))
    lines = [["model", "depth", *tools, "MB", ""]]
    for row in rows:
        cells = [f"{row[tool] / row['depth']:.1f}" if tool in row else "-" for tool in tools]
        memory = f"{row.get('MB', 0):.0f}"
        lines.append([row["model"], str(row["depth"]), *cells, memory, row.get("error", "")])
    texts = ["".join(f"{cell:>15}" for cell in line) for line in lines]
    return "\n".join(["Microseconds per step and replicate", *texts])


NOT_TOOLS = {"model", "depth", "MB", "error"}


def main() -> int:
    """Run all sections, and return the exit status."""
    parser = argparse.ArgumentParser("python -m benchmarks.device_check", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "benchmark")
    parser.add_argument("--seconds", type=float, default=420)
    parser.add_argument("--smoke", action="store_true", help="on the CPU, at tiny sizes")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    check = Check(options.output, options.seconds, smoke=options.smoke)
    if options.worker:
        work(check, 0.2 if options.smoke else 5.0)
        return 0
    cuda = check.device.type == "cuda"
    name = torch.cuda.get_device_name(check.device) if cuda else "CPU"
    check.note("device", f"{name}, PyTorch {torch.__version__}, {os.cpu_count()} cores")
    for section in (agreement, determinism, throughput, processes, whole_job):
        if check.left() < 40 and not check.smoke:
            check.found["skipped"].append(section.__name__)
            continue
        section(check)
    print(table(check.found["throughput"]))
    print("skipped:", ", ".join(check.found["skipped"]) or "nothing")
    check.note("failed", check.found["failed"])
    return bool(check.found["failed"])


if __name__ == "__main__":
    sys.exit(main())
