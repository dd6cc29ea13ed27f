"""How far to trust the study's intervals, tests and verdicts: simulations with a known truth."""
