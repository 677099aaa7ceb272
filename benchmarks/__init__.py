"""Ratios against what a user would do instead, both sides in one run: ``make bench``."""
