# From the tables to figures and pages.


rule draw_figures:
    input:
        study=rules.write_plan.output.study,
        reported="<reported>/values.csv",
        tables=multiext("<results>/tables/", "runs.csv", "timings.csv", "history.csv"),
    output:
        directory("<results>/figures"),
    log:
        "<results>/logs/draw_figures.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("report.figures"),
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
    shell:
        "python -m mlpstudy draw --study {input.study} --reported {input.reported}"
        " --tables {params.tables} --output {output} 2> {log}"


rule render_report:
    input:
        study=rules.write_plan.output.study,
        reported="<reported>/values.csv",
        tables=rules.tabulate_runs.output,
        saturation=rules.probe_saturation.output,
        audit=rules.audit_report.output,
        figures=rules.draw_figures.output,
        templates=TEMPLATES,
    output:
        multiext("<results>/report/", "index.html", "report.md"),
        multiext(
            "<results>/report/tables/",
            *("accuracy.md", "models.md", "comparisons.md", "activation_groups.md"),
            *("final_inference.md", "conclusions.md", "assumptions.md"),
        ),
    log:
        "<results>/logs/render_report.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("report.pages"),
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
        folder=subpath(output[0], parent=True),
    shell:
        "python -m mlpstudy render --study {input.study} --reported {input.reported}"
        " --tables {params.tables} --figures {input.figures} --output {params.folder} 2> {log}"
