-- The schema of a cluster on PostgreSQL: what Orleans' packages Microsoft.Orleans.{Clustering,Persistence,Reminders}.AdoNet 10.4.2
-- read and write. Silos keep grain state in the table of the second one by statements of their own and writetostorage; its queries
-- are for silos of builds before. Its owner runs this file with psql, as often as one likes, also while silos run. It makes what is
-- missing, all or nothing:
--
--   psql --file schema.sql
--   psql --set silo_role=kad_silo --set edge_role=kad_edge --file schema.sql
--
-- The roles are the database users of silos and edges, if they are not its owner. They get the rights that they need.
--
-- Names and types of tables and columns are those of Orleans' own scripts. A database that they made gets what it lacks, and this
-- file's queries. Its data stay, and silos that run with its queries go on with them.

\set QUIET on
\set ON_ERROR_STOP on
\set VERBOSITY terse
\if :{?silo_role}
\else
  \set silo_role ''
\endif
\if :{?edge_role}
\else
  \set edge_role ''
\endif

BEGIN;
SET LOCAL client_min_messages = warning;

-- Two runs at once would each replace the function, which PostgreSQL refuses to one of them.
DO $$ BEGIN PERFORM pg_advisory_xact_lock(8468); END $$;


-- Tables

-- What a provider asks the database. It reads this at its start.
CREATE TABLE IF NOT EXISTS orleansquery (
  querykey  varchar(64) PRIMARY KEY,
  querytext varchar(8000) NOT NULL
);

-- A row for each cluster. Every change of its members raises the version.
CREATE TABLE IF NOT EXISTS orleansmembershipversiontable (
  deploymentid varchar(150) PRIMARY KEY,
  timestamp    timestamptz(3) NOT NULL DEFAULT now(),
  version      integer NOT NULL DEFAULT 0
);

-- A row for each silo that has joined and was not yet cleaned up.
CREATE TABLE IF NOT EXISTS orleansmembershiptable (
  deploymentid varchar(150) NOT NULL REFERENCES orleansmembershipversiontable,
  address      varchar(45) NOT NULL,
  port         integer NOT NULL,
  generation   integer NOT NULL,
  siloname     varchar(150) NOT NULL,
  hostname     varchar(150) NOT NULL,
  status       integer NOT NULL,
  proxyport    integer,
  suspecttimes varchar(8000),
  starttime    timestamptz(3) NOT NULL,
  iamalivetime timestamptz(3) NOT NULL,
  PRIMARY KEY (deploymentid, address, port, generation)
);

-- A row for each grain state. The version is its ETag. A state that was cleared keeps its row, without a payload.
CREATE TABLE IF NOT EXISTS orleansstorage (
  grainidhash            integer NOT NULL,
  grainidn0              bigint NOT NULL,
  grainidn1              bigint NOT NULL,
  graintypehash          integer NOT NULL,
  graintypestring        varchar(512) NOT NULL,
  grainidextensionstring varchar(512),
  serviceid              varchar(150) NOT NULL,
  payloadbinary          bytea,
  modifiedon             timestamp NOT NULL,
  version                integer
);

-- A row for each reminder. The period is in milliseconds.
CREATE TABLE IF NOT EXISTS orleansreminderstable (
  serviceid    varchar(150) NOT NULL,
  grainid      varchar(150) NOT NULL,
  remindername varchar(150) NOT NULL,
  starttime    timestamptz(3) NOT NULL,
  period       bigint NOT NULL,
  grainhash    integer NOT NULL,
  version      integer NOT NULL,
  PRIMARY KEY (serviceid, grainid, remindername)
);


-- The index that keeps states unique

-- Without it two first writes of one state both succeed, and a state of two rows can never be read again. Orleans' scripts have none.
DO $$
DECLARE
  states bigint;
  copies bigint;
BEGIN
  -- CREATE INDEX waits for all writes, even if the index is there.
  IF to_regclass('kad_orleansstorage_identity') IS NOT NULL THEN
    RETURN;
  END IF;

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


-- Writing a state

-- Returns one row: the state's new version, or null where another write came first, which the provider reports as a conflict of
-- ETags. A conflict is no error and leaves the transaction as it was, so one transaction may have many calls. Each call locks its
-- row until the end of the transaction: those that write the same states must do so in the same order.
CREATE OR REPLACE FUNCTION writetostorage(
  _grainidhash            integer,
  _grainidn0              bigint,
  _grainidn1              bigint,
  _graintypehash          integer,
  _graintypestring        varchar,
  _grainidextensionstring varchar,
  _serviceid              varchar,
  _grainstateversion      integer,
  _payloadbinary          bytea)
RETURNS TABLE (newgrainstateversion integer)
LANGUAGE plpgsql AS $$
BEGIN
  IF _grainstateversion IS NULL THEN
    -- The first write waits for another that has not ended yet.
    INSERT INTO orleansstorage (
      serviceid, grainidhash, graintypehash, grainidn0, grainidn1, graintypestring, grainidextensionstring,
      payloadbinary, modifiedon, version)
    VALUES (
      _serviceid, _grainidhash, _graintypehash, _grainidn0, _grainidn1, _graintypestring, _grainidextensionstring,
      _payloadbinary, now() AT TIME ZONE 'utc', 1)
    ON CONFLICT DO NOTHING
    RETURNING version INTO newgrainstateversion;
  ELSE
    UPDATE orleansstorage
    SET payloadbinary = _payloadbinary, modifiedon = now() AT TIME ZONE 'utc', version = version + 1
    WHERE serviceid = _serviceid AND grainidhash = _grainidhash AND graintypehash = _graintypehash
      AND grainidn0 = _grainidn0 AND grainidn1 = _grainidn1 AND graintypestring = _graintypestring
      AND coalesce(grainidextensionstring, '') = coalesce(_grainidextensionstring, '')
      AND version = _grainstateversion
    RETURNING version INTO newgrainstateversion;
  END IF;

  RETURN NEXT;
END
$$;


-- Queries

-- The providers find them by these keys, and results by the names of columns. Words with @ are their parameters. A query that
-- returns a truth returns it in one row. Each is one statement, so it happens as a whole or not at all.
INSERT INTO orleansquery (querykey, querytext) VALUES

-- Members. Joining and changing raise the version from the one that the silo has read, and are refused under another. Silos
-- wait for each other at the version's row. The status 6 is dead.

('InsertMembershipVersionKey', $$
  WITH added AS (
    INSERT INTO orleansmembershipversiontable (deploymentid) VALUES (@DeploymentId)
    ON CONFLICT DO NOTHING
    RETURNING 1)
  SELECT EXISTS (SELECT FROM added)
$$),

('InsertMembershipKey', $$
  WITH raised AS (
    UPDATE orleansmembershipversiontable
    SET version = version + 1, timestamp = now()
    WHERE deploymentid = @DeploymentId AND version = @Version
      AND NOT EXISTS (
        SELECT FROM orleansmembershiptable
        WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING deploymentid),
  added AS (
    INSERT INTO orleansmembershiptable (
      deploymentid, address, port, generation, siloname, hostname, status, proxyport, starttime, iamalivetime)
    SELECT deploymentid, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
    FROM raised
    RETURNING 1)
  SELECT EXISTS (SELECT FROM added)
$$),

('UpdateMembershipKey', $$
  WITH raised AS (
    UPDATE orleansmembershipversiontable
    SET version = version + 1, timestamp = now()
    WHERE deploymentid = @DeploymentId AND version = @Version
      AND EXISTS (
        SELECT FROM orleansmembershiptable
        WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING deploymentid),
  changed AS (
    UPDATE orleansmembershiptable AS member
    SET status = @Status, suspecttimes = @SuspectTimes, iamalivetime = @IAmAliveTime
    FROM raised
    WHERE member.deploymentid = raised.deploymentid
      AND member.address = @Address AND member.port = @Port AND member.generation = @Generation
    RETURNING 1)
  SELECT EXISTS (SELECT FROM changed)
$$),

-- It may come before or after any change, and raises no version.
('UpdateIAmAlivetimeKey', $$
  UPDATE orleansmembershiptable
  SET iamalivetime = @IAmAliveTime
  WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$$),

-- A cluster without members has one row, with its version alone.
('MembershipReadAllKey', $$
  SELECT member.address, member.port, member.generation, member.siloname, member.hostname, member.status, member.proxyport,
    member.suspecttimes, member.starttime, member.iamalivetime, cluster.version
  FROM orleansmembershipversiontable AS cluster
  LEFT JOIN orleansmembershiptable AS member USING (deploymentid)
  WHERE cluster.deploymentid = @DeploymentId
$$),

('MembershipReadRowKey', $$
  SELECT member.address, member.port, member.generation, member.siloname, member.hostname, member.status, member.proxyport,
    member.suspecttimes, member.starttime, member.iamalivetime, cluster.version
  FROM orleansmembershipversiontable AS cluster
  LEFT JOIN orleansmembershiptable AS member
    ON member.deploymentid = cluster.deploymentid
      AND member.address = @Address AND member.port = @Port AND member.generation = @Generation
  WHERE cluster.deploymentid = @DeploymentId
$$),

('GatewaysQueryKey', $$
  SELECT address, proxyport, generation
  FROM orleansmembershiptable
  WHERE deploymentid = @DeploymentId AND status = @Status AND proxyport > 0
$$),

('CleanupDefunctSiloEntriesKey', $$
  DELETE FROM orleansmembershiptable
  WHERE deploymentid = @DeploymentId AND status = 6 AND iamalivetime < @IAmAliveTime
$$),

-- Providers that know this key ask it instead, for each dead silo that they have read. It goes if nothing changed since.
('CleanupDefunctSiloEntryKey', $$
  DELETE FROM orleansmembershiptable
  WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation AND status = 6
    AND starttime = @StartTime AND iamalivetime = @IAmAliveTime
    AND coalesce(suspecttimes, '') = coalesce(@SuspectTimes, '')
$$),

('DeleteMembershipTableEntriesKey', $$
  WITH members AS (
    DELETE FROM orleansmembershiptable WHERE deploymentid = @DeploymentId)
  DELETE FROM orleansmembershipversiontable WHERE deploymentid = @DeploymentId
$$),

-- States. Clearing and deleting return the version that follows, or no row if the state has another version than the given.

('WriteToStorageKey', $$
  SELECT newgrainstateversion FROM writetostorage(
    @GrainIdHash, @GrainIdN0, @GrainIdN1, @GrainTypeHash, @GrainTypeString, @GrainIdExtensionString, @ServiceId,
    @GrainStateVersion, @PayloadBinary)
$$),

('ReadFromStorageKey', $$
  SELECT payloadbinary, version
  FROM orleansstorage
  WHERE serviceid = @ServiceId AND grainidhash = @GrainIdHash AND graintypehash = @GrainTypeHash
    AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1 AND graintypestring = @GrainTypeString
    AND coalesce(grainidextensionstring, '') = coalesce(@GrainIdExtensionString, '')
$$),

('ClearStorageKey', $$
  UPDATE orleansstorage
  SET payloadbinary = NULL, modifiedon = now() AT TIME ZONE 'utc', version = version + 1
  WHERE serviceid = @ServiceId AND grainidhash = @GrainIdHash AND graintypehash = @GrainTypeHash
    AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1 AND graintypestring = @GrainTypeString
    AND coalesce(grainidextensionstring, '') = coalesce(@GrainIdExtensionString, '')
    AND version = @GrainStateVersion
  RETURNING version
$$),

('DeleteStorageKey', $$
  DELETE FROM orleansstorage
  WHERE serviceid = @ServiceId AND grainidhash = @GrainIdHash AND graintypehash = @GrainTypeHash
    AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1 AND graintypestring = @GrainTypeString
    AND coalesce(grainidextensionstring, '') = coalesce(@GrainIdExtensionString, '')
    AND version = @GrainStateVersion
  RETURNING version + 1
$$),

-- Reminders. A silo reads those of its part of the ring: after the first hash, up to and with the second. Hashes are signed here,
-- and the second query is for a part that goes on at the lowest.

('UpsertReminderRowKey', $$
  INSERT INTO orleansreminderstable AS reminder (serviceid, grainhash, grainid, remindername, period, starttime, version)
  VALUES (@ServiceId, @GrainHash, @GrainId, @ReminderName, @Period, @StartTime, 0)
  ON CONFLICT (serviceid, grainid, remindername) DO UPDATE
  SET version = reminder.version + 1, grainhash = excluded.grainhash, period = excluded.period, starttime = excluded.starttime
  RETURNING version
$$),

('ReadReminderRowKey', $$
  SELECT grainid, remindername, starttime, period, version
  FROM orleansreminderstable
  WHERE serviceid = @ServiceId AND grainid = @GrainId AND remindername = @ReminderName
$$),

('ReadReminderRowsKey', $$
  SELECT grainid, remindername, starttime, period, version
  FROM orleansreminderstable
  WHERE serviceid = @ServiceId AND grainid = @GrainId
$$),

('ReadRangeRows1Key', $$
  SELECT grainid, remindername, starttime, period, version
  FROM orleansreminderstable
  WHERE serviceid = @ServiceId AND grainhash > @BeginHash AND grainhash <= @EndHash
$$),

('ReadRangeRows2Key', $$
  SELECT grainid, remindername, starttime, period, version
  FROM orleansreminderstable
  WHERE serviceid = @ServiceId AND (grainhash > @BeginHash OR grainhash <= @EndHash)
$$),

('DeleteReminderRowKey', $$
  WITH removed AS (
    DELETE FROM orleansreminderstable
    WHERE serviceid = @ServiceId AND grainid = @GrainId AND remindername = @ReminderName AND version = @Version
    RETURNING 1)
  SELECT EXISTS (SELECT FROM removed)
$$),

('DeleteReminderRowsKey', $$
  DELETE FROM orleansreminderstable WHERE serviceid = @ServiceId
$$)

ON CONFLICT (querykey) DO UPDATE
SET querytext = excluded.querytext
WHERE orleansquery.querytext <> excluded.querytext;


-- Rights

SELECT set_config('kad.silo_role', :'silo_role', true), set_config('kad.edge_role', :'edge_role', true) \g /dev/null

DO $$
DECLARE
  part text;
  role text;
BEGIN
  FOR part, role IN VALUES ('silos', current_setting('kad.silo_role')), ('edges', current_setting('kad.edge_role')) LOOP
    IF role = '' THEN
      CONTINUE;
    END IF;

    IF to_regrole(quote_ident(role)) IS NULL THEN
      RAISE EXCEPTION 'The %'' role % does not exist; make it and run this again: CREATE USER % PASSWORD ''...'';', part, role, quote_ident(role);
    END IF;

    IF part = 'silos' THEN
      EXECUTE format('GRANT SELECT ON orleansquery TO %I', role);
      EXECUTE format(
        'GRANT SELECT, INSERT, UPDATE, DELETE ON orleansmembershiptable, orleansmembershipversiontable, orleansstorage, '
        'orleansreminderstable TO %I', role);
    ELSE
      EXECUTE format('GRANT SELECT ON orleansquery, orleansmembershiptable TO %I', role);
    END IF;
  END LOOP;
END
$$;

COMMIT;
\echo The schema is there: tables, unique index and queries.
