"""The published study in docs/results, computed and rendered again without training.

docs/results has the tables, study.json and each job's spec.json, but neither predictions nor
weights. Tables that follow from those of the runs are computed again. Tables that need predictions
or untrained networks are copied. The pages say how the study's configuration differs from the
present one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlpstudy.analysis.contrasts import contrast_table
from mlpstudy.analysis.reported import load_reported
from mlpstudy.analysis.runs import replicates
from mlpstudy.analysis.schemas import UNTRAINED
from mlpstudy.analysis.tables import archived, tables
from mlpstudy.audit.checks import audit
from mlpstudy.audit.loading import CHECKS
from mlpstudy.claims.judging import verdicts
from mlpstudy.claims.samples import Samples
from mlpstudy.config.claims import Claims
from mlpstudy.config.differences import differences
from mlpstudy.config.loading import read_claims
from mlpstudy.config.planning import read_plan
from mlpstudy.config.study import Study, load_study
from mlpstudy.data.dataset import load
from mlpstudy.errors import StudyError
from mlpstudy.figures.drawing import draw
from mlpstudy.files import write_csv
from mlpstudy.report.pages import typeset
from mlpstudy.report.provenance import write_archived
from mlpstudy.report.publish import PUBLISHED, copy_file, copy_runs, published, unpacked
from mlpstudy.spec import Job


def republish(
    repository: Path,
    configs: Sequence[Path],
    claims: Path,
    reported: Path,
    data: Path,
    templates: Path,
) -> None:
    """Replace docs/results of `repository` by the same study, computed and rendered again.

    Args:
        repository: folder with README.md and docs/results.
        configs: the present configuration of the published study; each file overrides the ones
            before it.
        claims: the claims file; the study takes its comparisons and conclusions from this file.
        reported: the report's own values, values.csv, with statements.csv beside it.
        data: folder of the prepared arrays.
        templates: folder of the Jinja2 templates.

    Raises:
        StudyError: a file is missing or invalid, docs/results has other runs than its study.json
            plans, or the data is not that of the study.
    """
    with unpacked(repository / PUBLISHED) as archive:
        study = load_study(archive / "study.json")
        _check_specs(study)
        if load(data).digest != study.dataset.digest:
            raise StudyError(f"{data}: not the data of {archive / 'study.json'}")
        present = read_plan(configs, {"claims": None}).study.to_dict()
        said = read_claims(
            claims,
            [*study.models, *present["models"]],
            [*study.conditions, *present["conditions"]],
        )
        with published(repository, reported, templates) as copy:
            figures, origin = copy / "figures", copy / "report/provenance.json"
            recorded = archive / "report/provenance.json"
            write_archived(recorded, differences(study.to_dict(), present), origin)
            copy_runs(study.concluding(said), archive, copy)
            for schema in UNTRAINED:
                copy_file(archive / f"{schema.name}.csv", copy / f"{schema.name}.csv")
            _tabulate(copy, archive, said.listed(), reported)
            draw(copy / "study.json", copy, reported, data, figures)
            for picture in figures.glob("*.png"):
                picture.unlink()  # the repository keeps figures as SVG alone
            typeset(
                copy / "study.json", reported, copy, figures, origin, templates,
                copy / "report/report.pdf",
            )  # fmt: skip


def _tabulate(copy: Path, archive: Path, claims: Claims, reported: Path) -> None:
    """Write the tables that follow from those of the archived runs into `copy`."""
    study = load_study(copy / "study.json")
    recorded = archived(study, archive)
    for name, frame in tables(study, load_reported(reported, study), recorded).items():
        write_csv(frame, copy / f"{name}.csv")
    values = replicates(recorded["runs"], recorded["timings"])
    contrasts = contrast_table(study, values, claims, load_reported(reported, study))
    write_csv(contrasts, copy / "contrasts.csv")
    judged = verdicts(study, claims, Samples(recorded["runs"], recorded["history"], study.medium))
    write_csv(judged, copy / "claims.csv")
    audit(copy / "study.json", reported.parent, CHECKS, copy, copy / "audit.csv")


def _check_specs(study: Study) -> None:
    """Check that each spec.json is that of its job in study.json."""
    for job in study.jobs:
        path = job.folder / "spec.json"
        try:
            found = Job.from_identity(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StudyError(f"{path}: expected the identity of a training job: {error}") from error
        if found != study.planned(job):
            raise StudyError(f"{path}: expected the run that study.json of the archive describes")
