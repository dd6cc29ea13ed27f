"""From the tables to figures and pages."""
