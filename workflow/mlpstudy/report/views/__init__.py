"""Tables → what a page shows, as plain data, the same for each form of the report."""
