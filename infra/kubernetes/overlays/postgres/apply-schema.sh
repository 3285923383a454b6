#!/bin/sh
# Usage: apply-schema.sh FOLDER. Applies Orleans' scripts in FOLDER, unless they have been, and kad-schema.sql beside this
# file, all or none, to the database that PGHOST and its like name. Two runs at once do it once. SILO_ROLE and EDGE_ROLE name
# the database users of silos and edges; MAIN_SHA256 and its like are the digests that the scripts must have, and any does if unset.
set -eu
folder=$1
own=$(dirname "$0")

# Exit code 4: no further try can succeed.
check() {
  actual=$(sha256sum "$folder/$1")
  actual=${actual%% *}
  if [ -n "$2" ] && [ "$actual" != "$2" ]; then
    echo "$1 has the SHA-256 digest $actual where $3 expects $2; nothing was applied." >&2
    exit 4
  fi
}

check PostgreSQL-Main.sql "${MAIN_SHA256:-}" MAIN_SHA256
check PostgreSQL-Clustering.sql "${CLUSTERING_SHA256:-}" CLUSTERING_SHA256
check PostgreSQL-Persistence.sql "${PERSISTENCE_SHA256:-}" PERSISTENCE_SHA256
check PostgreSQL-Reminders.sql "${REMINDERS_SHA256:-}" REMINDERS_SHA256

# Arguments, as psql takes a role's name for what it is only from there.
set --
if [ -n "${SILO_ROLE:-}" ]; then set -- "$@" --set "silo_role=$SILO_ROLE"; fi
if [ -n "${EDGE_ROLE:-}" ]; then set -- "$@" --set "edge_role=$EDGE_ROLE"; fi

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --single-transaction "$@" --file - <<SQL
SET client_min_messages = warning;
SELECT pg_advisory_xact_lock(8468) \\g /dev/null
SELECT to_regclass('orleansquery') IS NOT NULL AS applied \\gset
\\if :applied
  \\set when already
\\else
  \\i '$folder/PostgreSQL-Main.sql'
  \\i '$folder/PostgreSQL-Clustering.sql'
  \\i '$folder/PostgreSQL-Persistence.sql'
  \\i '$folder/PostgreSQL-Reminders.sql'
  \\set when now
\\endif
\\i '$own/kad-schema.sql'
\\echo The tables of Orleans are there :when, with the unique index.
SQL
