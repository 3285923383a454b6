using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

// Keeps the times of last STOREs that only memory has in a table of its own, so that after a restart few values go out before their hour.
// Nothing depends on it: what cannot be written is tried again, and what is lost goes out once more. Rows are only added and deleted. Only
// the writer uses it, between transactions, once it is loaded.
internal sealed class MovedTimeTable(DatabaseFile file, TimeSpan interval, TimeProvider time, ILogger logger)
{
    public const string Name = "moved_time";

    // A file gets the table with its first row. "at" is in minutes since the year 1.
    public const string Layout = $"CREATE TABLE IF NOT EXISTS {Name} (at INTEGER NOT NULL, entries BLOB NOT NULL)";

    /// <summary>How often what has moved is written. A kill forgets what moved since.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    /// <summary>As many times that wait are written at once: a row of 40 KB.</summary>
    public const int RowEntries = 4096;

    /// <summary>The most times that wait while nothing can be written. All are forgotten then: a megabyte of memory is enough for that.</summary>
    public const int MaxWaiting = 1 << 16;

    /// <summary>The most times in the file, in the rows written last: some 80 MB. A node with that many values sends some again early.</summary>
    public const int MaxKept = 1 << 23;

    // Times in memory at once while they are read: 40 MB. Each time all keys are looked through, which takes 0.1 s of a million.
    private const int RaisedAtOnce = 1 << 20;

    private const int MaxRowBytes = MaxWaiting * MovedTimes.EntryLength;

    private readonly Dictionary<ValueName, long> _waiting = [];

    // The entries of the row under way. The list is kept, so that a row leaves little to collect.
    private readonly List<(ValueName Name, long Minutes)> _entries = [];

    // The rows of the file, the oldest first.
    private List<Row> _rows = [];
    private bool _isFailing;

    /// <summary>Whether as many times wait as a row has. Not after a failure: then it is tried again after a while.</summary>
    public bool IsDue => _waiting.Count >= RowEntries && !_isFailing;

    /// <summary>Raises the times of the values that were loaded. Never fails; what cannot be read is left out.</summary>
    public void Load(KeyShard shard)
    {
        var times = new Dictionary<ValueName, DateTimeOffset>();
        try
        {
            if (file.Connection.QueryInteger($"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '{Name}'") > 0)
            {
                Read(shard, times);
            }
        }
        catch (Exception exception)
        {
            StorageLog.TimesNotRead(logger, file.Path, exception.Message);
        }

        Raise(shard, times);
        _rows.Reverse();
    }

    /// <summary>Records the time of a STORE that changed nothing else. Of a value's times until the next row the last one counts.</summary>
    public void Record(NodeId key, StoredValue value)
    {
        if (_waiting.Count >= MaxWaiting)
        {
            _waiting.Clear();
        }

        _waiting[MovedTimes.NameOf(key, value.ExpiresAt)] = MovedTimes.MinutesOf(value.StoredAt);
    }

    /// <summary>Writes a row of what waits, and deletes rows whose values are due in any case. Never fails.</summary>
    public void Save()
    {
        if ((_waiting.Count == 0 && !_rows.Any(IsOver)) || file.FindDisplaced() is not null)
        {
            return;
        }

        try
        {
            file.Connection.BeginWriting();
            var rows = Write();
            file.Connection.Commit();
            _rows = rows;
            _waiting.Clear();
            _isFailing = false;
        }
        catch (Exception exception)
        {
            if (!_isFailing)
            {
                StorageLog.TimesNotWritten(logger, exception, file.Path);
            }

            _isFailing = true;
            file.Connection.TryRollBack();
        }
    }

    // The last rows first: what is beyond the most is deleted with the next row.
    private void Read(KeyShard shard, Dictionary<ValueName, DateTimeOffset> times)
    {
        var (now, damaged, kept) = (MovedTimes.MinutesOf(time.GetUtcNow()), 0, 0L);
        using var command = file.Connection.PrepareCommand($"SELECT rowid, at, entries FROM {Name} ORDER BY rowid DESC");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var entries = raw.sqlite3_column_blob(reader.Handle!, 2);
            var row = new Row(
                raw.sqlite3_column_int64(reader.Handle!, 0), raw.sqlite3_column_int64(reader.Handle!, 1), 0, entries.Length / MovedTimes.EntryLength);

            // A row from the future was written by a clock that was wrong: nobody knows when, and its entries are as old as they were.
            var age = TimeSpan.FromMinutes(Math.Clamp(now - row.At, 0, (long)interval.TotalMinutes));
            kept += row.Entries;
            if (age < interval && kept <= MaxKept
                && (entries.Length > MaxRowBytes || !MovedTimes.TryDecode(entries, Math.Min(row.At, now), times)))
            {
                damaged++;
                age = interval;
            }

            age = kept <= MaxKept ? age : interval;
            _rows.Add(row with { WrittenAt = time.GetTimestamp() - (long)(age.TotalSeconds * time.TimestampFrequency) });
            if (times.Count >= RaisedAtOnce)
            {
                Raise(shard, times);
                times.Clear();
            }
        }

        if (damaged > 0)
        {
            StorageLog.TimesNotRead(logger, file.Path, $"{damaged} rows are damaged");
        }
    }

    private void Raise(KeyShard shard, Dictionary<ValueName, DateTimeOffset> times)
    {
        foreach (var (held, stored) in MovedTimes.Find(shard, times, MovedTimes.LatestAt(time.GetUtcNow())))
        {
            // Values in the file keep their time: Offer raises what is read.
            shard.Touch(held, stored);
        }
    }

    // In the open transaction. Returns the rows that the file has then.
    private List<Row> Write()
    {
        var now = MovedTimes.MinutesOf(time.GetUtcNow());
        var oldest = now - (long)interval.TotalMinutes;
        _entries.Clear();
        _entries.AddRange(_waiting.Where(moved => moved.Value > oldest).Select(static moved => (moved.Key, moved.Value)));
        var rows = Renew(now, MaxKept - _entries.Count);
        if (_entries.Count > 0)
        {
            file.Connection.Execute(Layout);
            file.Connection.Execute(
                $"INSERT INTO {Name} (at, entries) VALUES ($at, $entries)",
                new("$at", now),
                new("$entries", MovedTimes.Encode(_entries, now)));
            rows.Add(new Row(raw.sqlite3_last_insert_rowid(file.Connection.Handle), now, time.GetTimestamp(), _entries.Count));
        }

        return rows;
    }

    // Deletes rows by the clock that no one sets, and those beyond the most. If the wall clock was set since a row was written, it gets the
    // time that the clock would have shown: neither does a wrong clock make its values due, nor do they wait for longer than an interval.
    private List<Row> Renew(long now, long room)
    {
        var rows = new List<Row>(_rows.Count + 1);
        for (var i = _rows.Count - 1; i >= 0; i--)
        {
            var row = _rows[i];
            room -= row.Entries;
            if (IsOver(row) || room < 0)
            {
                file.Connection.Execute($"DELETE FROM {Name} WHERE rowid = $row", new SqliteParameter("$row", row.Number));
                continue;
            }

            var at = now - (long)time.GetElapsedTime(row.WrittenAt).TotalMinutes;
            if (Math.Abs(at - row.At) > SteadyAges.Tolerance.TotalMinutes)
            {
                file.Connection.Execute($"UPDATE {Name} SET at = $at WHERE rowid = $row", new("$at", at), new("$row", row.Number));
                row = row with { At = at };
            }

            rows.Add(row);
        }

        rows.Reverse();
        return rows;
    }

    private bool IsOver(Row row) => time.GetElapsedTime(row.WrittenAt) >= interval;

    /// <summary>A row of the file: when it was written by the wall clock, and by the clock that no one sets.</summary>
    private readonly record struct Row(long Number, long At, long WrittenAt, int Entries);
}
