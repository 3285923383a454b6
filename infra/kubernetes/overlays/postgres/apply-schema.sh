#!/bin/sh
# Usage: apply-schema.sh FOLDER. Applies Orleans' scripts in FOLDER to the database that PGHOST and its like name, all or
# none, unless they have been applied. Two runs at once do it once.
set -eu
folder=$1

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --single-transaction --file - <<SQL
SET client_min_messages = warning;
SELECT pg_advisory_xact_lock(8468) \\g /dev/null
SELECT to_regclass('orleansquery') IS NOT NULL AS applied \\gset
\\if :applied
  \\echo The tables of Orleans are there already.
\\else
  \\i '$folder/PostgreSQL-Main.sql'
  \\i '$folder/PostgreSQL-Clustering.sql'
  \\i '$folder/PostgreSQL-Persistence.sql'
  \\i '$folder/PostgreSQL-Reminders.sql'
  \\echo The tables of Orleans are there now.
\\endif
SQL
