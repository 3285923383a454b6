#!/bin/sh
# Usage: wait-for-schema.sh silo|edge. Ends when the database that PGHOST and its like name has the tables, the index and the
# rights of PGUSER that schema.sql makes. Until then it says what it waits for, each time that this changes.
set -eu
if [ -z "${PGHOST:-}" ] || [ -z "${PGUSER:-}" ]; then
  echo "PGHOST or PGUSER is not set; the Secret kad-postgres must name the database for psql, too." >&2
  exit 2
fi

tables="'orleansquery', 'orleansmembershiptable', 'orleansmembershipversiontable', 'orleansstorage', 'orleansreminderstable'"
case $1 in
  silo)
    rights="SELECT name, action FROM unnest(ARRAY[$tables]) AS name, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS action
      WHERE name <> 'orleansquery' OR action = 'SELECT'" ;;
  edge) rights="VALUES ('orleansquery', 'SELECT'), ('orleansmembershiptable', 'SELECT')" ;;
  *) echo "The argument '$1' is neither silo nor edge." >&2; exit 2 ;;
esac

# The first thing that is missing, or an empty text.
missing="SELECT coalesce(
  (SELECT format('the table %s', name) FROM unnest(ARRAY[$tables]) AS name WHERE to_regclass(name) IS NULL LIMIT 1),
  (SELECT 'the unique index kad_orleansstorage_identity' WHERE NOT EXISTS (
    SELECT FROM pg_index WHERE indexrelid = to_regclass('kad_orleansstorage_identity') AND indisunique AND indisvalid)),
  (SELECT format('the right of %s to %s %s', current_user, action, name) FROM ($rights) AS rights (name, action)
    WHERE NOT has_table_privilege(name, action) LIMIT 1),
  '')"

trap 'exit 143' TERM INT
export PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-5}"
told=
while :; do
  if now=$(psql --no-psqlrc --quiet --tuples-only --no-align --command "$missing" 2>&1); then
    if [ -z "$now" ]; then break; fi
  else
    # The first line names the server and the reason.
    now="the database: $(printf '%s\n' "$now" | head -n 1)"
  fi

  if [ "$now" != "$told" ]; then
    echo "Waiting for $now"
    told=$now
  fi

  sleep "${WAIT_SECONDS:-3}"
done

echo "The database is ready for the $1."
