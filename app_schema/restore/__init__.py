"""Restores: beside what is there, compared with what was taken, and only then in its place."""
