# What the rules share: the study as the package reads it, and the names of files.
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import snakemake.io

# ---- The package ------------------------------------------------------------------------------

# Jobs import the package next to the rules. They use the Python that runs Snakemake, or
# that of a conda environment, which Snakemake puts before it in PATH.
PACKAGES = str(Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parent)
if not Path(PACKAGES, "mlpstudy").is_dir():
    sys.exit(
        "error: expected a local checkout with the package mlpstudy next to its rules, got "
        f"{PACKAGES}: see docs/reuse.md"
    )
sys.path.insert(0, PACKAGES)
for name, entry in {"PYTHONPATH": PACKAGES, "PATH": str(Path(sys.executable).parent)}.items():
    os.environ[name] = os.pathsep.join(filter(None, [entry, os.environ.get(name)]))

from mlpstudy.data.splits import check_prepared
from mlpstudy.errors import StudyError
from mlpstudy.fingerprint import fingerprint
from mlpstudy.config import resources
from mlpstudy.config.claims import compared_cells
from mlpstudy.config.outdated import distrust, outdated
from mlpstudy.config.planning import read_plan
from mlpstudy.config.loading import over_shipped
from mlpstudy.figures.index import GROUPS, load_index
from mlpstudy.locks import is_locked, lock_until_exit
from mlpstudy import server

# ---- The configuration ------------------------------------------------------------------------

# The name under which another workflow imports this one as a module; None if none does.
MODULE = workflow.modifier.namespace


def read_configuration():
    """Return the study that the configuration describes."""
    if MODULE:
        return read_plan([], over_shipped(config, Path(PACKAGES).parent))
    # The files are read again: Snakemake takes `no` for false and 1e-3 for text. Later sources take
    # precedence: files of the configuration, of the command line, then --config.
    settings = workflow.config_settings
    overlays = [Path(path) for path in settings.configfiles]
    files = [Path(path) for path in workflow.configfiles if Path(path) not in overlays]
    if settings.replace_workflow_config and settings.overwrite_config:
        files = []
    return read_plan(files + overlays, settings.config)


paths = workflow.modifier.path_modifier
if paths.prefix or paths.modifies_prefixes:
    sys.exit(f"error: module {MODULE}: expected no prefix: set `results` in its config instead")
try:
    PLAN = read_configuration()
    DATA = f"resources/data/{PLAN.config.dataset.name}"
    check_prepared(PLAN.jobs.values(), Path(DATA, "prepared"))
except StudyError as error:
    # The message is meant for the user, who needs no traceback.
    where = f"module {MODULE}: " if MODULE else ""
    sys.exit(f"error: {where}{str(error).removeprefix('--config: ' if MODULE else '')}")

SETTINGS = PLAN.config
RESULTS = SETTINGS.results
CLAIMS = [SETTINGS.claims] if SETTINGS.claims else []
REPORTED = os.path.relpath(Path(PACKAGES).parent / "resources/reported")
VALUES = f"{REPORTED}/values.csv"

# Jobs get in the environment what must not be a parameter. Snakemake runs a rule again when a
# parameter changes; another mirror, or another way to wait for a GPU, is no reason to do so.
IMAGES = SETTINGS.dataset.to_dict()
os.environ.update(
    MLPSTUDY_SOURCES=json.dumps(IMAGES["sources"]),
    MLPSTUDY_WHEN_GPUS_ARE_TAKEN=SETTINGS.when_gpus_are_taken,
)
DATASET = json.dumps({key: IMAGES[key] for key in ("name", "classes", "files")}, sort_keys=True)

# On this machine, as many training jobs start as there are GPUs: a job that had to wait for one
# would keep a core from others.
if (
    workflow.is_main_process
    and workflow.local_exec
    and SETTINGS.device != "cpu"
    and SETTINGS.when_gpus_are_taken == "wait"
    and "gpu" not in workflow.global_resources
    and shutil.which("nvidia-smi")
):
    counted = subprocess.run([sys.executable, "-m", "mlpstudy", "gpus"], stdout=subprocess.PIPE)
    if int(counted.stdout or 0) > 0:
        workflow.register_resource("gpu", int(counted.stdout))

# `--resources gpu=0` trains on the CPU, whatever device is configured.
GPUS = workflow.global_resources.get("gpu")
DEVICE = "cpu" if GPUS is not None and GPUS.value == 0 else SETTINGS.device

# ---- One Snakemake at a time, and no outdated results -----------------------------------------

LOCK_FILE = Path(RESULTS, ".lock")


def keep_study():
    """Lock the study against other Snakemakes until this one ends."""
    try:
        lock_until_exit(LOCK_FILE, f"the study in {RESULTS}")
    except StudyError as error:
        sys.exit(f"error: {error}")


def start_server():
    """Start a process that runs this machine's jobs in forks, if that saves imports.

    Jobs in other environments and on other machines cannot use it.
    """
    deployed = workflow.deployment_settings.deployment_method
    jobs = list(workflow.dag.needrun_jobs())
    if workflow.local_exec and not deployed and len(jobs) > 2:
        # Each command is `python -m mlpstudy SUBCOMMAND …`.
        commands = [(job.rule.shellcmd or "").split() for job in jobs]
        server.start({words[3] for words in commands if len(words) > 3})


def cancel_timers():
    """Cancel what is left of Snakemake's timers: its process would wait a second for the last one."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()


# Jobs that Snakemake starts in processes of their own read the workflow too. Only the main process
# compares the files on disk with the plan.
OUTDATED = outdated(PLAN, Path(DATA)) if workflow.is_main_process else None
build_dag = workflow._build_dag


def build_dag_with_outdated():
    """Build the graph of jobs so that those with outdated files run, if their files are asked for.

    Snakemake's own records may be lost, or made by --touch. After --touch nothing tells whether
    tables and pages are up to date, so everything from study.json on is made again.
    """
    dag = workflow.dag
    dag.forcefiles.update(OUTDATED.files)
    if workflow.touch and not is_locked(LOCK_FILE):
        distrust(PLAN)
    build_dag()
    # With --until, the graph also holds jobs that will not run.
    asked = dag.bfs(dag.dependencies, *dag.targetjobs)
    due = {str(file) for job in asked if dag.needrun(job) for file in job.output}
    message = OUTDATED.message(due)
    if message and not workflow.touch:
        print(message, file=sys.stderr)


if OUTDATED:
    workflow._build_dag = build_dag_with_outdated

# ---- Names of files ---------------------------------------------------------------------------


pathvars:
    results=RESULTS,
    data=DATA,
    run="<results>/runs/{condition}/{model}/fold-{fold}/replicates-{first}-{last}",


wildcard_constraints:
    condition="[A-Za-z][A-Za-z0-9_]*",
    model="[A-Za-z][A-Za-z0-9_]*",
    fold="all|holdout|[0-9]+",
    first="[0-9]+",
    last="[0-9]+",
    group="|".join(GROUPS),


# Relative to the working directory, so that a moved folder is the same to Snakemake.
ALL_TEMPLATES = [os.path.relpath(path) for path in sorted(Path(PACKAGES, "templates").glob("*/*"))]


def templates(*folders):
    """Return the templates in some folders of templates/."""
    return [path for path in ALL_TEMPLATES if Path(path).parent.name in folders]


def caption_templates(wildcards):
    """Return the templates of the captions of a group of figures.

    A group of one kind has a template of its name.
    """
    found = {Path(path).stem: path for path in templates("figures")}
    if wildcards.group in found:
        return found[wildcards.group]
    return [path for name, path in found.items() if name not in GROUPS]


def images_of_group(wildcards):
    """Return the prepared data for the group of figures that shows images."""
    files = [str(file) for file in rules.prepare_dataset.output]
    return ancient(files) if wildcards.group == "study" else []


def of_report(*names):
    """Return the tables of the source report that exist: a study need not redo a report."""
    paths = [f"{REPORTED}/{name}.csv" for name in names]
    return [path for path in paths if Path(path).is_file()]


def of_every_job(name):
    """Return an input function: the paths of the file `name` of every training job.

    A function, as Snakemake is slow with a list: it searches all of it for each of its files.
    """
    return lambda wildcards: [f"{RESULTS}/runs/{job.folder}/{name}" for job in PLAN.jobs.values()]


# ---- Training jobs ----------------------------------------------------------------------------


def job_key(wildcards):
    """Return the key of a training job in the plan."""
    fixed = (wildcards.condition, wildcards.model, wildcards.fold)
    return (*fixed, int(wildcards.first), int(wildcards.last))


def job_of(wildcards):
    """Return the training job from the plan."""
    return PLAN.jobs[job_key(wildcards)]


def data_of_job(wildcards):
    """Return the prepared data. Its times do not matter: the job's identity has its checksum.

    For an outdated job the data is a plain input: Snakemake does not force a job whose inputs are
    all ancient if it is below another one that runs.
    """
    files = [str(file) for file in rules.prepare_dataset.output]  # without the marks of others
    spec = f"{RESULTS}/runs/{job_of(wildcards).folder}/spec.json"
    return files if OUTDATED and spec in OUTDATED.files else ancient(files)


def job_gpus(wildcards):
    """Return how many GPUs a job asks for.

    The nodes of a cluster cannot be inspected from here, so with `auto` a job there asks for none.
    """
    return int(DEVICE == "cuda" or (DEVICE == "auto" and workflow.local_exec))


def job_group(wildcards):
    """Return the group of jobs that are too short to wait in a cluster's queue alone, or None."""
    queued = not workflow.local_exec
    return "short" if queued and resources.is_short(job_of(wildcards)) else None


# ---- Entries of `snakemake --report` ----------------------------------------------------------


def tables(*names):
    """Return the paths of tables with their captions."""
    return [
        snakemake.io.report(
            f"<results>/tables/{name}.csv",
            caption=f"../report/tables/{name}.rst",
            category="Tables",
            labels={"table": f"{name}.csv"},
        )
        for name in names
    ]


def form(name, label, caption):
    """Return the path of one form of the report with its caption."""
    return snakemake.io.report(
        f"<results>/report/{name}",
        caption=f"../report/{caption}.rst",
        category="Report",
        labels={"form": label},
    )


def figure_labels(wildcards):
    """Return the title of a figure, under which it is listed."""
    return {"figure": load_index(Path(RESULTS, "figures")).get(wildcards.figure).title}


def figure_section(wildcards):
    """Return the heading of the section that a figure belongs to."""
    return load_index(Path(RESULTS, "figures")).get(wildcards.figure).category
