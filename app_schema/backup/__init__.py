"""Backups: one folder, one catalogue; PostgreSQL's own programs do the work and SHA-256 is what verifies."""
