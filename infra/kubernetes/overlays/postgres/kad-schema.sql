-- What KadOrleans adds to Orleans' tables, for psql by their owner: as often as one likes, also while silos run.
--
--   psql --set ON_ERROR_STOP=1 --single-transaction --set silo_role=kad_silo --set edge_role=kad_edge --file kad-schema.sql
--
-- The roles are the database users of silos and edges. Without them nothing is granted.
\set VERBOSITY terse
SET client_min_messages = warning;

-- Orleans' table lets two first writes of one state both succeed, and a state of two rows can never be read again.
DO $$
DECLARE
  states bigint;
  copies bigint;
BEGIN
  CREATE UNIQUE INDEX IF NOT EXISTS kad_orleansstorage_identity ON orleansstorage (serviceid, grainidhash, graintypehash, grainidn0, grainidn1, graintypestring, coalesce(grainidextensionstring, ''));
EXCEPTION WHEN unique_violation THEN
  SELECT count(*), sum(n) INTO states, copies FROM (
    SELECT count(*) AS n FROM orleansstorage
    GROUP BY serviceid, grainidhash, graintypehash, grainidn0, grainidn1, graintypestring, coalesce(grainidextensionstring, '')
    HAVING count(*) > 1) AS duplicates;
  RAISE EXCEPTION USING ERRCODE = 'unique_violation', MESSAGE = format(
    'The table orleansstorage has %s rows for %s states where each may have one; delete all but one of each, '
    'which this finds, and run this again: '
    'SELECT graintypestring, grainidextensionstring, array_agg(ctid) AS rows, array_agg(version) AS versions, array_agg(modifiedon) AS written '
    'FROM orleansstorage GROUP BY serviceid, grainidhash, graintypehash, grainidn0, grainidn1, graintypestring, grainidextensionstring '
    'HAVING count(*) > 1;', copies, states);
END
$$;

-- An index of that name that somebody else made, or whose making was broken off, protects nothing.
DO $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_index
    WHERE indexrelid = to_regclass('kad_orleansstorage_identity') AND indrelid = to_regclass('orleansstorage')
      AND indisunique AND indisvalid AND indpred IS NULL AND indnkeyatts = 7) THEN
    RAISE EXCEPTION 'The index kad_orleansstorage_identity is not the one that this makes, or not valid; drop it and run this again: DROP INDEX kad_orleansstorage_identity;';
  END IF;
END
$$;

\if :{?silo_role}
  SELECT to_regrole(quote_ident(:'silo_role')) IS NULL AS missing \gset
  \if :missing
    SELECT set_config('kad.role', :'silo_role', true) \g /dev/null
    DO $$ BEGIN RAISE EXCEPTION 'The silos'' role % does not exist; make it and run this again: CREATE USER % PASSWORD ''…'';',
      current_setting('kad.role'), quote_ident(current_setting('kad.role')); END $$;
  \endif
  GRANT SELECT ON orleansquery TO :"silo_role";
  GRANT SELECT, INSERT, UPDATE, DELETE ON orleansmembershiptable, orleansmembershipversiontable, orleansstorage, orleansreminderstable
    TO :"silo_role";
\endif

\if :{?edge_role}
  SELECT to_regrole(quote_ident(:'edge_role')) IS NULL AS missing \gset
  \if :missing
    SELECT set_config('kad.role', :'edge_role', true) \g /dev/null
    DO $$ BEGIN RAISE EXCEPTION 'The edges'' role % does not exist; make it and run this again: CREATE USER % PASSWORD ''…'';',
      current_setting('kad.role'), quote_ident(current_setting('kad.role')); END $$;
  \endif
  GRANT SELECT ON orleansquery, orleansmembershiptable TO :"edge_role";
\endif
