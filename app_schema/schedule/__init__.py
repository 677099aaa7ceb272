"""Which command runs when, as crontab lines and as systemd units."""
