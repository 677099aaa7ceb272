"""Options to take a backup although nothing proves where it comes from."""

import click

unsealed_option = click.option(
    "--unsealed", is_flag=True, help="Take it although no seal of APP_SCHEMA_BACKUP_SEAL_KEY_FILE proves where it comes from."
)
unencrypted_option = click.option(
    "--unencrypted", is_flag=True, help="Take it although it is in clear and this machine has a key for backups."
)
