"""Claims and the verdicts on them; docs/verdicts.md has the rules in words."""
