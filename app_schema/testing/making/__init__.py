"""The builders of ``Make``, by what their rows are about."""
