"""Base backups, incrementals and WAL: a cluster as it was at any moment."""
