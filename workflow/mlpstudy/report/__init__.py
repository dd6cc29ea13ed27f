"""From the tables to pages: HTML, Markdown and PDF."""
