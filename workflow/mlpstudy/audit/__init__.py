"""The audit: the report against itself, against arithmetic, and against our replicates."""
