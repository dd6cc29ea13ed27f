# Helpers of the rules: the study as the package reads it, and the names of files.
import json
import os
import sys
from pathlib import Path

import snakemake.io

# Jobs run the package that lies beside the rules, wherever they run, with the Python that runs
# Snakemake unless a conda environment is put before it.
PACKAGES = str(Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parent)
if not Path(PACKAGES, "mlpstudy").is_dir():
    sys.exit(
        "error: expected the rules of a checkout on this machine, which the package mlpstudy lies"
        f" beside, got those at {PACKAGES}: see docs/reuse.md"
    )
sys.path.insert(0, PACKAGES)
for name, entry in {"PYTHONPATH": PACKAGES, "PATH": str(Path(sys.executable).parent)}.items():
    os.environ[name] = os.pathsep.join(filter(None, [entry, os.environ.get(name)]))

from mlpstudy.data.splits import check_prepared
from mlpstudy.errors import StudyError
from mlpstudy.fingerprint import fingerprint
from mlpstudy.config import resources
from mlpstudy.config.outdated import distrust, outdated
from mlpstudy.config.planning import read_plan
from mlpstudy.config.loading import over_shipped
from mlpstudy.figures.index import load_index
from mlpstudy.locks import is_locked, lock_until_exit

# The name by which another workflow imports this one as a module, if one does.
MODULE = workflow.modifier.namespace


def read_configuration():
    """Return the study that the configuration describes."""
    if MODULE:
        return read_plan([], over_shipped(config, Path(PACKAGES).parent))
    # The files are read again: Snakemake takes `no` for false and 1e-3 for text. The last one that
    # sets a key has the last word: those of the command line, then what --config says.
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
    # No traceback: the message is meant for the user.
    where = f"module {MODULE}: " if MODULE else ""
    sys.exit(f"error: {where}{str(error).removeprefix('--config: ' if MODULE else '')}")

SETTINGS = PLAN.config
RESULTS = SETTINGS.results
LOCK_FILE = Path(RESULTS, ".lock")
REPORTED = os.path.relpath(Path(PACKAGES).parent / "resources/reported")
# Where the images come from is no reason to get them again: what Snakemake compares has it not.
IMAGES = SETTINGS.dataset.to_dict()
os.environ.update(MLPSTUDY_SOURCES=json.dumps(IMAGES["sources"]))
# Nor is what jobs do that find every GPU taken a reason to train again.
os.environ.update(MLPSTUDY_WHEN_GPUS_ARE_TAKEN=SETTINGS.when_gpus_are_taken)
DATASET = json.dumps(
    {key: IMAGES[key] for key in ("name", "classes", "files")},
    sort_keys=True,
)

CLAIMS = [SETTINGS.claims] if SETTINGS.claims else []


# Files on disk are compared with the plan in the main process alone: jobs that Snakemake starts in
# processes of their own read the workflow again.
OUTDATED = outdated(PLAN, Path(DATA)) if workflow.is_main_process else None
build_dag = workflow._build_dag


def build_dag_with_outdated():
    """Build the graph so that jobs with outdated files run, if their files are asked for.

    Snakemake's own records may be lost, or may have been made by --touch. After that, nothing tells
    whether tables and pages are up to date, so everything from study.json on is made again.
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


def of_report(*names):
    """Return the files of the report that are there: a study need not redo one."""
    paths = [f"{REPORTED}/{name}.csv" for name in names]
    return [path for path in paths if Path(path).is_file()]


# What the report prints, for the steps that set it beside the study's own; it may be absent.
VALUES = f"{REPORTED}/values.csv"


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


# Relative to the working directory, so that a moved folder is the same to Snakemake.
ALL_TEMPLATES = [os.path.relpath(path) for path in sorted(Path(PACKAGES, "templates").glob("*/*"))]
FIGURE_TEMPLATES = [path for path in ALL_TEMPLATES if Path(path).parent.name == "figures"]
TYPST_TEMPLATES = [path for path in ALL_TEMPLATES if path.endswith(".typ")]
TEMPLATES = [
    path for path in ALL_TEMPLATES if path.endswith(".j2") and path not in FIGURE_TEMPLATES
]


def job_key(wildcards):
    """Return what the plan knows the job by."""
    fixed = (wildcards.condition, wildcards.model, wildcards.fold)
    return (*fixed, int(wildcards.first), int(wildcards.last))


def job_identity(wildcards):
    """Return all that the job's results depend on, as canonical JSON."""
    return PLAN.jobs[job_key(wildcards)].identity()


def data_of_job(wildcards):
    """Return the prepared data, whose times say nothing: its checksum is part of the identity.

    A job that is outdated has it as a plain input, as Snakemake forces no job that is below one
    that runs and whose inputs are all ancient.
    """
    files = [str(file) for file in rules.prepare_dataset.output]  # without the marks of others
    spec = f"{RESULTS}/runs/{PLAN.jobs[job_key(wildcards)].folder}/spec.json"
    return files if OUTDATED and spec in OUTDATED.files else ancient(files)


def job_minutes(wildcards):
    """Return the time that the job may take."""
    return resources.minutes(PLAN.jobs[job_key(wildcards)])


def job_megabytes(wildcards):
    """Return the memory that the job may take."""
    return resources.megabytes(PLAN.jobs[job_key(wildcards)], gpu=DEVICE == "cuda")


def job_gpus(wildcards):
    """Return how many GPUs the job asks for.

    A cluster's nodes cannot be looked at from here: there `auto` asks for none, and so gets none.
    """
    return int(DEVICE == "cuda" or (DEVICE == "auto" and workflow.local_exec))


def job_group(wildcards):
    """Return the group of jobs too short to wait alone in a cluster's queue, or None."""
    queued = not workflow.local_exec
    return "short" if queued and resources.is_short(PLAN.jobs[job_key(wildcards)]) else None


def of_every_job(name):
    """Return an input function: the paths of the file `name` of every job of the study.

    A list would do, but Snakemake looks at the whole of it for each file in it.
    """
    return lambda wildcards: [f"{RESULTS}/runs/{job.folder}/{name}" for job in PLAN.jobs.values()]


# `--resources gpu=0` keeps off the GPUs, whatever the configuration says.
GPUS = workflow.global_resources.get("gpu")
DEVICE = "cpu" if GPUS is not None and GPUS.value == 0 else SETTINGS.device


def tables(*names):
    """Return the paths of tables, each with its caption for `snakemake --report`."""
    return [
        snakemake.io.report(
            f"<results>/tables/{name}.csv",
            caption=f"../report/tables/{name}.rst",
            category="Tables",
            labels={"table": f"{name}.csv"},
        )
        for name in names
    ]


def figure_labels(wildcards):
    """Return what `snakemake --report` lists a figure under, from the index of the figures."""
    entry = load_index(Path(RESULTS, "figures")).get(wildcards.figure)
    return {"figure": entry.title}


def figure_section(wildcards):
    """Return the heading of the section that a figure belongs to."""
    return load_index(Path(RESULTS, "figures")).get(wildcards.figure).category


def form(name, label, caption):
    """Return the path of a form of the report, with its caption for `snakemake --report`."""
    return snakemake.io.report(
        f"<results>/report/{name}",
        caption=f"../report/{caption}.rst",
        category="Report",
        labels={"form": label},
    )


def keep_study():
    """Keep other Snakemakes off this study while this one runs."""
    try:
        lock_until_exit(LOCK_FILE, f"the study in {RESULTS}")
    except StudyError as error:
        sys.exit(f"error: {error}")
