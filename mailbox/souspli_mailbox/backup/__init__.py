"""Backups of the service: making one, checking one, restoring one (docs/backup.md).

manifest    backup.json: what a backup is of, and every file's facts
policy      which tables are in it, and what of their rows does not come back
inventory   which objects belong to it; copying their contents
make        a folder, whole or not there, from a service that may be running
check       whether a backup is still what was written
restore     an empty database from a backup, and what has to follow
"""
