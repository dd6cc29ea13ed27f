"""The configuration: read, checked, and resolved into the jobs of a study."""
