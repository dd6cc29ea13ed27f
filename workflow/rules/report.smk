# From the tables to figures and pages.
import shlex

# Jobs get the command in the environment, as another number of cores is no reason to render again.
# A job that Snakemake starts in a process of its own inherits it. It is cut, as the system limits a
# variable to 128 KiB.
COMMAND = shlex.join(["snakemake", *sys.argv[1:]])
os.environ.setdefault(
    "MLPSTUDY_COMMAND", COMMAND if len(COMMAND) < 10_000 else f"{COMMAND[:10_000]} ..."
)
LOCK = os.path.relpath(Path(PACKAGES).parent / "envs/study.txt")

# All that the figures and every form of the report are made from.
TABLES = [
    *rules.tabulate_runs.output,
    *rules.probe_saturation.output,
    *rules.contrast_runs.output,
    *rules.judge_claims.output,
    *rules.audit_report.output,
]
# What each group of figures is drawn from.
DRAWN_FROM = {
    "study": [*rules.tabulate_runs.output, *rules.probe_saturation.output],
    "pairs": rules.contrast_runs.output,
    "verdicts": [*rules.tabulate_runs.output[:2], *rules.judge_claims.output],
}
FIGURES = [f"{RESULTS}/figures/{group}" for group in GROUPS]


rule draw_figures:
    input:
        study=rules.write_plan.output.study,
        reported=of_report("values"),
        tables=lambda wildcards: [str(file) for file in DRAWN_FROM[wildcards.group]],
        data=images_of_group,
        templates=caption_templates,
    output:
        # Each as SVG and PNG, and their index.
        report(
            directory("<results>/figures/{group}"),
            patterns=["{figure}.svg"],
            caption="../report/figures.rst",
            category="Figures",
            subcategory=figure_section,
            labels=figure_labels,
        ),
    log:
        "<results>/logs/draw_figures/{group}.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    # A process each; Snakemake lowers this to --cores.
    threads: lambda wildcards: (os.cpu_count() or 1) if wildcards.group == "study" else 1
    params:
        code=fingerprint("figures.drawing"),
        reported=lambda wildcards: VALUES,
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
        data=lambda wildcards, input: f"--data {Path(input.data[0]).parent}" if input.data else "",
    shell:
        "python -m mlpstudy draw --study {input.study} --reported {params.reported:q}"
        " --tables {params.tables} {params.data} --output {output} --group {wildcards.group}"
        " --processes {threads} 2> {log}"


# The commit and the date at which the tables are made. Every form of the report carries them; a new
# commit, a day, a figure or a template makes nothing run here.
rule write_provenance:
    input:
        study=rules.write_plan.output.study,
        reported=of_report("values"),
        specs=of_every_job("spec.json"),
        tables=TABLES,
        lock=LOCK,
    output:
        form("provenance.json", "provenance", "provenance"),
    log:
        "<results>/logs/write_provenance.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("report.provenance"),
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
    shell:
        "python -m mlpstudy provenance --study {input.study} --tables {params.tables}"
        " --lock {input.lock:q} --output {output} 2> {log}"


rule render_report:
    input:
        study=rules.write_plan.output.study,
        reported=of_report("values"),
        tables=TABLES,
        figures=FIGURES,
        provenance=rules.write_provenance.output,
        templates=templates("report", "html", "markdown"),
    output:
        form("index.html", "page", "page"),
        form("report.md", "Markdown", "markdown"),
        multiext(
            "<results>/report/tables/",
            *("final_inference.md", "models.md", "comparisons.md", "activation_groups.md"),
            *("conclusions.md", "claims.md", "cause.md", "depth.md", "sensitivity.md"),
            *("effects.md", "audit.md", "assumptions.md", "provenance.md"),
        ),
    log:
        "<results>/logs/render_report.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("report.pages"),
        reported=lambda wildcards: VALUES,
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
        figures=lambda wildcards, input: Path(input.figures[0]).parent,
        folder=subpath(output[0], parent=True),
    shell:
        "python -m mlpstudy render --study {input.study} --reported {params.reported:q}"
        " --tables {params.tables} --figures {params.figures} --provenance {input.provenance}"
        " --output {params.folder} 2> {log}"


rule typeset_report:
    input:
        study=rules.write_plan.output.study,
        reported=of_report("values"),
        tables=TABLES,
        figures=FIGURES,
        provenance=rules.write_provenance.output,
        templates=templates("report", "pdf"),
    output:
        report=form("report.pdf", "document", "document"),
        supplement=form("supplement.pdf", "supplement", "document"),
    log:
        "<results>/logs/typeset_report.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("report.pages"),
        reported=lambda wildcards: VALUES,
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
        figures=lambda wildcards, input: Path(input.figures[0]).parent,
    shell:
        "python -m mlpstudy typeset --study {input.study} --reported {params.reported:q}"
        " --tables {params.tables} --figures {params.figures} --provenance {input.provenance}"
        " --output {output.report} 2> {log}"
