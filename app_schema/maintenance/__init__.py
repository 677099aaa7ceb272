"""The routine of each day, week and month: named steps, timed and bounded, whose state is the database itself."""
