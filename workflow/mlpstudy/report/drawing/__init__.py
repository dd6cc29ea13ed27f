"""One module a kind of picture: tables in, a matplotlib figure out; no files."""
