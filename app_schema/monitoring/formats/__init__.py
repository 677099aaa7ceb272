"""A snapshot as a table for people, as JSON, as Prometheus metrics and as a page."""
