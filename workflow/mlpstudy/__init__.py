"""The study: everything the workflow does, as a package that knows nothing of Snakemake."""

__version__ = "2.0.0"
