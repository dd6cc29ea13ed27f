"""The report's numbers against each other, against arithmetic, its text, and our replicates."""
