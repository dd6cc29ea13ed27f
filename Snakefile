# `snakemake --cores 4` in this folder runs the study that workflow/Snakefile describes.
include: "workflow/Snakefile"


# An include resets the default target.
workflow.default_target = "all"
