"""From the runs, and from what the report prints, to the tables."""
