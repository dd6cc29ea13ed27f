# The resolved configuration, and the dataset: downloaded, verified, and stored as arrays.


rule write_plan:
    input:
        # It holds only `{{ params.document }}`: a plan may be longer than the longest command.
        template=ancient(os.path.relpath(f"{PACKAGES}/rules/study.json.jinja")),
        # Its content is compared when the workflow is read, so its times do not matter.
        models=ancient(SETTINGS.models),
    output:
        study="<results>/study.json",
    log:
        "<results>/logs/write_plan.log",
    # Before any training, as `progress` reads it.
    priority: PLAN.largest_cost + 1
    localrule: True
    params:
        document=PLAN.document(),
    template_engine:
        "jinja2"


# Claims are apart from the plan, so that an edited claim makes only its own table again.
rule write_claims:
    input:
        # Its content is compared when the workflow is read, so its times do not matter.
        file=ancient(CLAIMS),
    output:
        claims="<results>/claims.json",
    log:
        "<results>/logs/write_claims.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    shell:
        "python -m mlpstudy claims --output {output.claims} {input.file:q} 2> {log}"


rule fetch_dataset:
    output:
        [f"<data>/raw/{file['name']}" for file in IMAGES["files"].values()],
    log:
        "<data>/logs/fetch_dataset.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        dataset=DATASET,
        folder=subpath(output[0], parent=True),
    shell:
        'python -m mlpstudy fetch --dataset {params.dataset:q} --sources "$MLPSTUDY_SOURCES"'
        " --output {params.folder} 2> {log}"


rule prepare_dataset:
    input:
        rules.fetch_dataset.output,
    output:
        multiext("<data>/prepared/", "images.npy", "labels.npy", "dataset.json"),
    log:
        "<data>/logs/prepare_dataset.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("data.dataset"),
        dataset=DATASET,
        raw=subpath(input[0], parent=True),
        folder=subpath(output[0], parent=True),
    shell:
        "python -m mlpstudy prepare --dataset {params.dataset:q} --raw {params.raw}"
        " --output {params.folder} 2> {log}"
