"""Alerts: what began and what ended, told once over each channel."""
