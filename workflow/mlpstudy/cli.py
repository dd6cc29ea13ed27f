"""The command line, `python -m mlpstudy SUBCOMMAND`: one subcommand for each rule."""

from __future__ import annotations

import csv
import json
import logging
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from mlpstudy import __version__
from mlpstudy.errors import Stopped, StudyError, stop_on_signals
from mlpstudy.files import shipped, write_text
from mlpstudy.fingerprint import fingerprint
from mlpstudy.identity import expect_code
from mlpstudy.spec import Job

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The steps of the study, called by the workflow or by hand.",
)

# What several subcommands read and write.
Study = Annotated[Path, typer.Option(help="The resolved study, study.json.")]
Claims = Annotated[Path | None, typer.Argument(help="claims.json; none for no claims.")]
DatasetText = Annotated[str, typer.Option(help="The `dataset` of the configuration, as JSON.")]
Data = Annotated[Path, typer.Option(help="Folder of the prepared arrays.")]
Reported = Annotated[Path, typer.Option(help="The report's own values, values.csv.")]
Tables = Annotated[Path, typer.Option(help="Folder of the tables.")]
Figures = Annotated[Path, typer.Option(help="Folder of the figures.")]
Provenance = Annotated[Path, typer.Option(help="The provenance, provenance.json.")]
Templates = Annotated[Path, typer.Option(help="Folder of the templates.")]
Repository = Annotated[Path, typer.Option(help="Folder with README.md and docs/.")]
Output = Annotated[Path, typer.Option(help="Folder to write to.")]
OutputFile = Annotated[Path, typer.Option(help="File to write.")]
Threads = Annotated[int, typer.Option(help="Threads to compute with.")]

# What single subcommands read and write.
Config = Annotated[Path, typer.Option(help="The whole configuration, YAML or JSON.")]
Sources = Annotated[str, typer.Option(help="The dataset's `sources`, as JSON.")]
Raw = Annotated[Path, typer.Option(help="Folder of the IDX files.")]
ContrastsFile = Annotated[Path, typer.Option(help="File to write, contrasts.csv.")]
ClaimsTable = Annotated[Path, typer.Option(help="File to write, claims.csv.")]
ReportedFolder = Annotated[Path, typer.Option(help="Folder of the report's values and statements.")]
Checks = Annotated[Path, typer.Option(help="The checks, checks.yaml.")]
Images = Annotated[Path | None, typer.Option(help="Folder of the prepared images.")]
Results = Annotated[Path, typer.Option(help="Folder of a finished study.")]

TEMPLATES = shipped("templates")
CLAIMS = Path("config/claims.yaml")
REFERENCE = [Path("config/config.yaml"), Path("config/reference.yaml")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"mlpstudy {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Define the options that stand before the subcommand."""


# Each subcommand imports what it needs when it is called: torch and pandas take a second each.


@app.command()
def plan(config: Config, output: OutputFile) -> None:
    """Check the configuration and write the resolved study."""
    from mlpstudy.config.planning import read_plan

    write_text(output, read_plan([config]).document())


@app.command()
def claims(output: OutputFile, file: Claims = None) -> None:
    """Write the claims of a claims file as JSON."""
    from mlpstudy.config.claims import ClaimsFile
    from mlpstudy.config.loading import written_claims
    from mlpstudy.config.planning import claims_document

    write_text(output, claims_document(written_claims(file) if file else ClaimsFile(claims={})))


@app.command()
def fetch(dataset: DatasetText, sources: Sources, output: Output) -> None:
    """Download the dataset's files from the first source that has them, and verify them."""
    from mlpstudy.data.fetching import fetch

    fetch(json.loads(dataset)["files"], json.loads(sources), output)


@app.command()
def prepare(dataset: DatasetText, raw: Raw, output: Output) -> None:
    """Decode the files to arrays that jobs map into memory."""
    from mlpstudy.data.dataset import prepare

    prepare(raw, output, json.loads(dataset), fingerprint("data.dataset"))


@app.command()
def train(
    job: Annotated[str, typer.Option(help="The job's identity, as JSON.")],
    data: Data,
    output: Output,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    gpus: Annotated[int | None, typer.Option(help="GPUs granted; 0 for none.")] = None,
    when_gpus_are_taken: Annotated[
        Literal["wait", "share"],
        typer.Option(envvar="MLPSTUDY_WHEN_GPUS_ARE_TAKEN", help="wait for one, or share one."),
    ] = "wait",
    threads: Threads = 1,
) -> None:
    """Train the replicates of one job together, or resume an interrupted job."""
    from mlpstudy.data.dataset import load
    from mlpstudy.machine import record_machine
    from mlpstudy.training.devices import choose_device
    from mlpstudy.training.job import run_job

    planned = Job.from_identity(job)
    expect_code(planned)
    chosen = choose_device(device, gpus, when_gpus_are_taken)
    record_machine(output, chosen)
    run_job(planned, load(data), output, chosen, threads)


@app.command(hidden=True)
def gpus() -> None:
    """Print how many GPUs the training jobs on this machine can use."""
    from mlpstudy.training.devices import count_usable

    print(count_usable())


@app.command()
def tabulate(study: Study, reported: Reported, output: Output) -> None:
    """Collect the runs and write every table."""
    from mlpstudy.analysis.tables import tabulate

    tabulate(study, reported, output)


@app.command()
def contrast(
    study: Study, reported: Reported, tables: Tables, output: ContrastsFile, claims: Claims = None
) -> None:
    """Compare the models under each condition, and each model under two conditions."""
    from mlpstudy.analysis.contrasts import write_contrasts

    write_contrasts(study, claims, reported, tables, output)


@app.command()
def judge(study: Study, tables: Tables, output: ClaimsTable, claims: Claims = None) -> None:
    """Judge every claim under every condition."""
    from mlpstudy.claims.judging import judge

    judge(study, claims, tables, output)


@app.command()
def probe(study: Study, data: Data, output: Output, threads: Threads = 1) -> None:
    """Tabulate the outputs of untrained networks for training images."""
    from mlpstudy.analysis.saturation import probe

    probe(study, data, output, threads)


@app.command()
def audit(
    study: Study, reported: ReportedFolder, checks: Checks, tables: Tables, output: OutputFile
) -> None:
    """Find the inconsistencies of the report, and write audit.csv."""
    from mlpstudy.audit.checks import audit

    audit(study, reported, checks, tables, output)


@app.command()
def likelihood(
    study: Study,
    tables: Tables,
    reported: Reported,
    bandwidth: Annotated[
        float | None, typer.Option(min=1e-3, help="Of the kernel density; see the module.")
    ] = None,
) -> None:
    """Print how much better than its baseline each condition explains the printed values."""
    from mlpstudy.analysis.reported import load_reported
    from mlpstudy.analysis.schemas import RUNS
    from mlpstudy.analysis.sensitivity import BANDWIDTH, likelihoods
    from mlpstudy.config.study import load_study

    plan, runs = load_study(study), RUNS.read(tables)
    values = load_reported(reported, plan)
    table = likelihoods(plan, runs, values, bandwidth or BANDWIDTH)
    table.to_csv(sys.stdout, index=False, float_format="%.2f", lineterminator="\n")


@app.command()
def draw(
    study: Study,
    reported: Reported,
    tables: Tables,
    output: Output,
    data: Images = None,
    group: Annotated[
        Literal["study", "pairs", "verdicts"] | None,
        typer.Option(
            help="Draw only the figures of claims.csv (verdicts), of contrasts.csv (pairs),"
            " or all others (study)."
        ),
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, help="How many processes draw at the same time.")
    ] = 1,
) -> None:
    """Draw the figures from the tables."""
    from mlpstudy.figures.drawing import draw

    draw(study, tables, reported, data, output, group or "", processes)


@app.command()
def provenance(
    study: Study,
    tables: Tables,
    lock: Annotated[Path, typer.Option(help="The pinned versions, envs/study.txt.")],
    output: OutputFile,
    command: Annotated[
        str, typer.Option(help="The command that makes the report.", envvar="MLPSTUDY_COMMAND")
    ] = "",
) -> None:
    """Record the code, environment, machine, data and command of a report."""
    from mlpstudy.report.provenance import write_provenance

    write_provenance(study, tables / "timings.csv", lock, command, output)


@app.command()
def render(
    study: Study,
    reported: Reported,
    tables: Tables,
    figures: Figures,
    provenance: Provenance,
    output: Output,
    templates: Templates = TEMPLATES,
) -> None:
    """Render the report as HTML and Markdown."""
    from mlpstudy.report.pages import render

    render(study, reported, tables, figures, provenance, templates, output)


@app.command()
def typeset(
    study: Study,
    reported: Reported,
    tables: Tables,
    figures: Figures,
    provenance: Provenance,
    output: OutputFile,
    templates: Templates = TEMPLATES,
) -> None:
    """Typeset the report as a PDF, and its details as supplement.pdf next to it."""
    from mlpstudy.report.pages import typeset

    typeset(study, reported, tables, figures, provenance, templates, output)


@app.command()
def progress(
    study: Annotated[Path, typer.Argument(help="The resolved study.")] = Path("results/study.json"),
) -> None:
    """Show which jobs are done or in training, and estimate the time left."""
    from mlpstudy.analysis.progress import describe

    sys.stdout.write(describe(study))


@app.command()
def tidy(
    study: Study, days: Annotated[float, typer.Option(help="Minimum age in days.")] = 30.0
) -> None:
    """Remove checkpoints of jobs that the study no longer has."""
    from mlpstudy.analysis.progress import remove_leftovers

    remove_leftovers(study, days)


@app.command()
def predict(
    files: Annotated[list[Path], typer.Argument(help="Pictures, or IDX files of images.")],
    run: Annotated[Path, typer.Option(help="Folder of a finished training job.")],
    replicate: Annotated[int, typer.Option(help="Which of its replicates.")] = 1,
    study: Annotated[
        Path | None,
        typer.Option(help="study.json; by default that of the run."),
    ] = None,
    invert: Annotated[bool, typer.Option(help="Invert pictures that are dark on light.")] = False,
) -> None:
    """Print the class and its probability for each image, as CSV."""
    from mlpstudy.training.inference import class_names, load_model, predict, read_images

    classes, model = class_names(run, study), load_model(run, replicate)
    names, images = read_images(files, invert)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["image", "class", "probability"])
    for name, label, sure in zip(names, *predict(model, images), strict=True):
        writer.writerow([name, classes[label] if classes else label, f"{sure:.4f}"])


@app.command()
def publish(
    results: Results, reported: Reported, repository: Repository, templates: Templates = TEMPLATES
) -> None:
    """Put a finished study into docs/results, and its table and picture into the README."""
    from mlpstudy.report.publish import publish

    publish(results, reported, templates, repository)


@app.command()
def republish(
    reported: Reported,
    data: Data,
    repository: Repository = Path(),
    configfile: Annotated[
        list[Path], typer.Option(help="The current configuration; later files take precedence.")
    ] = REFERENCE,
    claims: Annotated[Path, typer.Option(help="The claims file.")] = CLAIMS,
    templates: Templates = TEMPLATES,
) -> None:
    """Tabulate and render docs/results again, regardless of the current configuration."""
    from mlpstudy.report.archive import republish

    republish(repository, configfile, claims, reported, data, templates)


def main() -> None:
    """Run the command line; an error that a user can correct is one line and status 1.

    So is an error of the system, such as a temporary folder that is full or missing.
    """
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop_on_signals()
    try:
        app()
    except Stopped as stopped:
        sys.stderr.write(f"stopped by {stopped.name}\n")
        raise
    except (StudyError, OSError) as error:
        sys.exit(f"error: {error}")
