# Helpers of the rules: the study as the package reads it, and the names of files.
import json
import os
import sys
from pathlib import Path

import snakemake.io

# Jobs run the package that lies beside the rules, wherever they run, with the Python that runs
# Snakemake unless a conda environment is put before it.
PACKAGES = str(Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parent)
sys.path.insert(0, PACKAGES)
for name, entry in {"PYTHONPATH": PACKAGES, "PATH": str(Path(sys.executable).parent)}.items():
    os.environ[name] = os.pathsep.join(filter(None, [entry, os.environ.get(name)]))

from mlpstudy.errors import StudyError
from mlpstudy.fingerprint import fingerprint
from mlpstudy.configuration.plan import read_plan
from mlpstudy.report.figure_index import load_index

# The last file that sets a key has the last word: those of the command line.
OVERLAYS = [Path(path) for path in workflow.config_settings.configfiles]
CONFIG_FILES = [Path(path) for path in workflow.configfiles if Path(path) not in OVERLAYS]

try:
    PLAN = read_plan(config, CONFIG_FILES + OVERLAYS)
except StudyError as error:
    sys.exit(f"error: {error}")  # no traceback: the message is meant for the user

SETTINGS = PLAN.settings
RESULTS = str(SETTINGS.results)
DATA = f"resources/data/{SETTINGS.dataset.name}"
REPORTED = "resources/reported"
# Where the images come from is no reason to get them again: what Snakemake compares has it not.
os.environ.update(MLPSTUDY_SOURCES=json.dumps(SETTINGS.dataset.to_dict()["sources"]))
# Nor is what jobs do that find every GPU taken a reason to train again.
os.environ.update(MLPSTUDY_WHEN_GPUS_ARE_TAKEN=SETTINGS.when_gpus_are_taken)
DATASET = json.dumps(
    {key: SETTINGS.dataset.to_dict()[key] for key in ("name", "classes", "files")},
    sort_keys=True,
)

CLAIMS = [str(SETTINGS.claims_file)] if SETTINGS.claims_file else []


pathvars:
    results=RESULTS,
    data=DATA,
    reported=REPORTED,
    run="<results>/runs/{condition}/{model}/fold-{fold}/replicates-{first}-{last}",


wildcard_constraints:
    condition="[A-Za-z][A-Za-z0-9_]*",
    model="[A-Za-z][A-Za-z0-9_]*",
    fold="all|holdout|[0-9]+",
    first="[0-9]+",
    last="[0-9]+",


# Relative to the working directory, so that a moved folder is the same to Snakemake.
TEMPLATES = [os.path.relpath(path) for path in sorted(Path(PACKAGES, "templates").rglob("*.j2"))]
TYPST_TEMPLATES = [
    os.path.relpath(path) for path in sorted(Path(PACKAGES, "templates/pdf").glob("*.typ"))
]


def job_key(wildcards):
    """Return what the plan knows the job by."""
    fixed = (wildcards.condition, wildcards.model, wildcards.fold)
    return (*fixed, int(wildcards.first), int(wildcards.last))


def job_identity(wildcards):
    """Return all that the job's results depend on, as canonical JSON."""
    return PLAN.jobs[job_key(wildcards)].identity()


def of_every_job(name):
    """Return the paths of the file `name` of every job of the study."""
    return [f"<results>/runs/{job.folder}/{name}" for job in PLAN.jobs.values()]


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
