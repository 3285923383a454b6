using KadOrleans.Storage.Sqlite;
using KadOrleans.Tests.Node;

namespace KadOrleans.Tests.Storage;

/// <summary>When values came again unchanged survives a stop and, up to the last minutes, a kill. Nothing depends on it.</summary>
public sealed class MovedTimeTableTests(ITestOutputHelper output) : SqliteTests
{
    private const int NotRead = 5012;
    private const int NotWritten = 5013;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly RecordingLog _log = new();
    private readonly List<TemporaryFolder> _killed = [];

    public override void Dispose()
    {
        _killed.ForEach(static folder => folder.Dispose());
        _log.Dispose();
        base.Dispose();
    }

    [Fact]
    public async Task After_a_kill_what_came_in_the_last_minutes_and_what_was_due_is_due()
    {
        await using var database = await FillAsync(1_000);
        _clock.Advance(50 * Minute);
        await TouchAsync(database, Enumerable.Range(0, 900));
        await AdvanceAsync(database, 5 * Minute);
        await TouchAsync(database, Enumerable.Range(900, 50));
        _clock.Advance(2 * Minute);

        await using var killed = Kill(database);
        _clock.Advance(4 * Minute);
        Assert.Equal(Keys(950, 50), await DueAsync(database), Unordered);
        Assert.Equal(Keys(900, 100), await DueAsync(killed), Unordered);

        // Those go out an hour after they came, as they would have without the kill.
        _clock.Advance(50 * Minute);
        Assert.Equal(1_000, (await DueAsync(killed)).Count);
    }

    [Fact]
    public async Task After_a_kill_of_the_second_run_what_came_in_the_first_is_not_due()
    {
        await using (var first = await FillAsync(40))
        {
            _clock.Advance(50 * Minute);
            await TouchAsync(first, Enumerable.Range(0, 10));
        }

        await using var second = Open(Folder);
        await TouchAsync(second, Enumerable.Range(10, 10));
        await AdvanceAsync(second, 10 * Minute);
        await using var killed = Kill(second);
        Assert.Equal(Keys(20, 20), await DueAsync(killed), Unordered);
    }

    [Fact]
    public async Task A_stop_forgets_nothing()
    {
        await using (var database = await FillAsync(40))
        {
            _clock.Advance(50 * Minute);
            await TouchAsync(database, Enumerable.Range(0, 30));
        }

        _clock.Advance(10 * Minute);
        await using var again = Open(Folder);
        Assert.Equal(Keys(30, 10), await DueAsync(again), Unordered);
        Assert.DoesNotContain(_log.Events, logged => logged.Id is NotRead or NotWritten);
    }

    [Fact]
    public async Task As_many_times_as_a_row_has_are_written_at_once_and_fewer_are_not()
    {
        const int Count = MovedTimeTable.RowEntries;
        await using var database = await FillAsync(Count);
        _clock.Advance(50 * Minute);
        var commits = database.Writer.Commits;
        await TouchAsync(database, Enumerable.Range(0, Count - 1));
        await using (var early = Kill(database))
        {
            Assert.False(HasTable(early));
        }

        await TouchAsync(database, [0, 1, Count - 1]);
        Assert.Equal(commits, database.Writer.Commits);
        await using var killed = Kill(database);
        _clock.Advance(10 * Minute);
        Assert.True(HasTable(killed));
        Assert.Empty(await DueAsync(killed));
    }

    [Fact]
    public async Task A_value_that_was_replaced_or_removed_or_expired_leaves_its_time_to_no_other()
    {
        await using (var database = await FillAsync(4, life: 2 * Hour))
        {
            _clock.Advance(110 * Minute);
            await TouchAsync(database, Enumerable.Range(0, 4), life: 10 * Minute);
            var old = Held("value", 5 * Hour) with { StoredAt = _clock.GetUtcNow() - (3 * Hour) };
            await AdvanceAsync(database, 5 * Minute);

            await database.Store.RemoveAsync(StoredValues.Key(0));
            Assert.Equal(StoreResult.Stored, await database.Store.PutAsync(StoredValues.Key(0), old, PutKind.Import));
            await database.Store.RemoveAsync(StoredValues.Key(1));
            var other = old with { Value = DhtValue.FromString("other") };
            Assert.Equal(StoreResult.Stored, await database.Store.PutAsync(StoredValues.Key(1), other, PutKind.Import));
            await AdvanceAsync(database, 6 * Minute);
            Assert.Equal(2, await database.Store.RemoveExpiredAsync(_clock.GetUtcNow()));
            Assert.Equal(StoreResult.Stored, await database.Store.PutAsync(StoredValues.Key(2), old, PutKind.Import));
        }

        await using var again = Open(Folder);
        Assert.Equal([StoredValues.Key(0), StoredValues.Key(1), StoredValues.Key(2)], await DueAsync(again), Unordered);
    }

    [Theory]
    [InlineData("UPDATE moved_time SET entries = CAST(substr(entries, 2) AS BLOB) WHERE rowid = 2")]
    [InlineData("UPDATE moved_time SET entries = zeroblob(1000000) WHERE rowid = 2")]
    [InlineData("UPDATE moved_time SET entries = 'some text' WHERE rowid = 2")]
    public async Task A_damaged_row_is_left_out_with_one_warning_and_deleted(string damage)
    {
        await using (var database = await FillAsync(40))
        {
            _clock.Advance(50 * Minute);
            for (var row = 0; row < 3; row++)
            {
                await TouchAsync(database, Enumerable.Range(row * 10, 10));
                await AdvanceAsync(database, MovedTimeTable.Pause);
            }
        }

        Alter(damage);
        await using (var database = Open(Folder))
        {
            Assert.Single(_log.Events, logged => logged.Id == NotRead);
            Assert.Equal(Keys(10, 10).Concat(Keys(30, 10)), await DueAsync(database), Unordered);
            Assert.Null(database.Damage);
            await TouchAsync(database, Enumerable.Range(10, 10));
        }

        await using var again = Open(Folder);
        Assert.Single(_log.Events, logged => logged.Id == NotRead);
        Assert.Equal(Keys(30, 10), await DueAsync(again), Unordered);
    }

    [Theory]
    [InlineData("UPDATE moved_time SET at = -1")]
    [InlineData("UPDATE moved_time SET at = 0")]
    [InlineData("UPDATE moved_time SET at = 'text'")]
    [InlineData("UPDATE moved_time SET entries = zeroblob(0)")]
    [InlineData("DROP TABLE moved_time; CREATE TABLE moved_time (other INTEGER PRIMARY KEY) WITHOUT ROWID; INSERT INTO moved_time VALUES (1)")]
    [InlineData("DROP TABLE moved_time; CREATE VIEW moved_time AS SELECT 1 AS at, 2 AS entries")]
    [InlineData("DROP TABLE moved_time")]
    public async Task A_table_without_times_loses_no_value_and_refuses_no_put(string damage)
    {
        await using (var database = await FillAsync(40))
        {
            _clock.Advance(50 * Minute);
            await TouchAsync(database, Enumerable.Range(0, 40));
        }

        Alter(damage);
        _clock.Advance(20 * Minute);
        await using var again = Open(Folder);
        Assert.Equal(40, (await DueAsync(again)).Count);
        await TouchAsync(again, Enumerable.Range(0, 10));
        Assert.Equal(StoreResult.Stored, await again.Store.PutAsync(StoredValues.Key(-1), Held("other")));
        for (var pause = 0; pause < 3; pause++)
        {
            await AdvanceAsync(again, MovedTimeTable.Pause);
        }

        Assert.InRange(_log.Events.Count(logged => logged.Id == NotRead), 0, 1);
        Assert.InRange(_log.Events.Count(logged => logged.Id == NotWritten), 0, 1);
        Assert.Null(again.Store.Problem);
        Assert.Equal(Keys(10, 30), await DueAsync(again), Unordered);
    }

    [Fact]
    public async Task Times_of_a_clock_that_was_ahead_delay_nothing_by_more_than_an_interval_over_any_restarts()
    {
        await using (var database = await FillAsync(40))
        {
            _clock.Advance(46 * Minute);
            await TouchAsync(database, Enumerable.Range(0, 10));
            _clock.Advance(3 * Minute);
            await TouchAsync(database, Enumerable.Range(10, 10));
        }

        Alter($"UPDATE moved_time SET at = at + {10 * 24 * 60}");
        for (var start = 0; start < 5; start++)
        {
            _clock.Advance(11 * Minute);
            await using var database = Open(Folder);
            Assert.Equal(Keys(20, 20), await DueAsync(database), Unordered);
            var (held, now) = (await database.ReadAllAsync(), _clock.GetUtcNow());
            Assert.All(held.Values, value => Assert.True(value.StoredAt <= MovedTimes.LatestAt(now)));
            Assert.All(Keys(0, 1).Concat(Keys(2, 8)), key => Assert.True(held[key].StoredAt <= now - (3 * Minute)));
            await TouchAsync(database, [1]);
        }

        _clock.Advance(16 * Minute);
        await using var last = Open(Folder);
        Assert.Equal([StoredValues.Key(0), .. Keys(2, 38)], await DueAsync(last), Unordered);
    }

    [Theory]
    [InlineData(24)]
    [InlineData(-24)]
    [InlineData(30)]
    public async Task A_clock_that_is_set_and_set_right_while_the_node_runs_has_nothing_sent_again(int hours)
    {
        var database = await FillAsync(40);
        _clock.Advance(50 * Minute);
        await TouchAsync(database, Enumerable.Range(0, 20));
        await AdvanceAsync(database, MovedTimeTable.Pause);
        _clock.SetWallClock(TimeSpan.FromHours(hours));
        await TouchAsync(database, [20]);
        await AdvanceAsync(database, MovedTimeTable.Pause);
        _clock.SetWallClock(TimeSpan.FromHours(-hours));
        await TouchAsync(database, [21]);
        await AdvanceAsync(database, MovedTimeTable.Pause);
        await using (var killed = Kill(database))
        {
            Assert.Equal(Keys(22, 18), await DueAsync(killed), Unordered);
        }

        // All rows are gone once they are of no use.
        await AdvanceAsync(database, 70 * Minute);
        Assert.Equal(0, database.Connection.QueryInteger("SELECT count(*) FROM moved_time"));
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_file_without_the_table_gets_it_with_its_first_row()
    {
        await using (var database = await FillAsync(40))
        {
            await AdvanceAsync(database, MovedTimeTable.Pause);
            Assert.False(HasTable(database));
        }

        _clock.Advance(50 * Minute);
        await using (var database = Open(Folder))
        {
            Assert.False(HasTable(database));
            await TouchAsync(database, Enumerable.Range(0, 10));
        }

        _clock.Advance(10 * Minute);
        await using var again = Open(Folder);
        Assert.True(HasTable(again));
        Assert.Equal(7, again.Connection.QueryInteger("PRAGMA user_version"));
        Assert.Equal(Keys(10, 30), await DueAsync(again), Unordered);
    }

    [Theory]
    [InlineData("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823")]
    [InlineData("PRAGMA query_only = ON", "PRAGMA query_only = OFF")]
    public async Task A_disk_that_takes_no_row_fails_no_put_and_is_tried_again(string broken, string repaired)
    {
        const int Count = MovedTimeTable.RowEntries + 100;
        await using var database = await FillAsync(Count);
        _clock.Advance(50 * Minute);
        await database.ExecuteAsync(broken);
        await TouchAsync(database, Enumerable.Range(0, Count));
        await TouchAsync(database, Enumerable.Range(0, Count));
        await AdvanceAsync(database, MovedTimeTable.Pause);
        Assert.Single(_log.Events, logged => logged.Id == NotWritten);
        Assert.Null(database.Store.Problem);

        await database.ExecuteAsync(repaired);
        await AdvanceAsync(database, MovedTimeTable.Pause);
        await using var killed = Kill(database);
        _clock.Advance(5 * Minute);
        Assert.Empty(await DueAsync(killed));
        Assert.Equal(StoreResult.Stored, await database.Store.PutAsync(StoredValues.Key(-1), Held("other")));
        Assert.Single(_log.Events, logged => logged.Id == NotWritten);
    }

    [Fact]
    public async Task Times_that_cannot_be_written_are_bounded()
    {
        using var file = OpenRows();
        var table = new MovedTimeTable(file, Hour, _clock, _log);
        for (var i = 0; i < MovedTimeTable.MaxWaiting + 10; i++)
        {
            table.Record(StoredValues.Key(i), Held("value"));
        }

        table.Save();
        Assert.Equal(10 * MovedTimes.EntryLength, file.Connection.QueryInteger("SELECT sum(length(entries)) FROM moved_time"));
    }

    [Fact]
    public async Task A_page_of_zeros_makes_no_value_fresher_than_it_is()
    {
        await using (var database = await FillAsync(60))
        {
            _clock.Advance(50 * Minute);
            await TouchAsync(database, Enumerable.Range(0, 50));
        }

        var (file, touched) = (await File.ReadAllBytesAsync(Folder.DatabasePath), _clock.GetUtcNow());
        var rebuilt = 0;
        for (var page = 1; page < file.Length / 4096; page++)
        {
            var changed = file.ToArray();
            changed.AsSpan(page * 4096, 4096).Clear();
            using var folder = new TemporaryFolder();
            await File.WriteAllBytesAsync(folder.DatabasePath, changed);
            await using var database = Open(folder);
            var held = await database.ReadAllAsync();
            Assert.All(held.Values, value => Assert.InRange(value.StoredAt, ManualTimeProvider.Epoch, touched));
            rebuilt += held.Count == 60 && held.Values.Count(value => value.StoredAt > ManualTimeProvider.Epoch) == 50 ? 1 : 0;
            await TouchAsync(database, [.. Enumerable.Range(0, 60).Where(i => held.ContainsKey(StoredValues.Key(i)))]);
        }

        output.WriteLine($"{rebuilt} of {(file.Length / 4096) - 1}");
        Assert.NotEqual(0, rebuilt);
    }

    [Fact]
    public async Task A_file_that_is_rebuilt_keeps_the_times()
    {
        await using (var database = await FillAsync(60))
        {
            _clock.Advance(50 * Minute);
            await TouchAsync(database, Enumerable.Range(0, 50));
            await new SqlitePublicationStore(database).PutAsync(StoredValues.Key(1), new Publication(DhtValue.FromInteger(1), _clock.GetUtcNow()));
        }

        long root;
        using (var connection = Connect(Folder.DatabasePath))
        {
            root = connection.QueryInteger("SELECT rootpage FROM sqlite_master WHERE name = 'publication'");
        }

        using (var file = new FileStream(Folder.DatabasePath, FileMode.Open))
        {
            file.Position = (root - 1) * 4096;
            file.Write(new byte[4096]);
        }

        _clock.Advance(10 * Minute);
        await using var again = Open(Folder);
        Assert.Contains("its structure", again.Damage, StringComparison.Ordinal);
        Assert.Equal(Keys(50, 10), await DueAsync(again), Unordered);
    }

    [Fact]
    public async Task A_command_on_the_file_reads_the_times_and_leaves_them_there()
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        var value = new StoredValue(DhtValue.FromInteger(1), now - (50 * Minute), now + Hour, SourceNetwork.Trusted);
        await using (var database = Open())
        {
            await database.Store.PutAsync(StoredValues.Key(1), value);
            await database.Store.PutAsync(StoredValues.Key(1), value with { StoredAt = now }, PutKind.Copy);
        }

        // Of a node with a longer interval.
        Alter($"UPDATE moved_time SET at = at - {3 * 60}");
        for (var start = 0; start < 2; start++)
        {
            await using var file = SqliteNodeFile.Open(Folder.Path, StoreQuota.Unlimited);
            Assert.Equal(value, (await file.Keys.ReadAllAsync())[StoredValues.Key(1)]);
        }

        Alter($"UPDATE moved_time SET at = at + {3 * 60}");
        await using var copy = SqliteNodeFile.OpenCopy(Folder.Path);
        Assert.InRange((await copy.Keys.ReadAllAsync())[StoredValues.Key(1)].StoredAt, now - (2 * Minute), now);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Times_after_a_restart_are_those_that_were_written(int seed)
    {
        const int Most = 60;
        var random = new SeededRandomSource(seed);

        // When the values last came, what the running database has, what is in its segments, and what is in its table besides.
        var (came, held, written, saved) = (NewTimes(), NewTimes(), NewTimes(), NewTimes());
        var database = Open(Folder);
        for (var step = 0; step < 400; step++)
        {
            var i = random.Next(Most);

            // Meanwhile a timer may write what has moved, which is more than the model has.
            _clock.Advance(TimeSpan.FromSeconds(random.Next(30)));
            switch (random.Next(10))
            {
                case 0:
                    await database.Store.RemoveAsync(StoredValues.Key(i));
                    Array.ForEach([came, held, written, saved], times => times.Remove(i));
                    break;
                case 1:
                    saved.Remove(i);
                    came[i] = held[i] = written[i] = _clock.GetUtcNow();
                    await PutAsync(i, Held($"{step}") with { ExpiresAt = ManualTimeProvider.Epoch + (200 * Hour) }, PutKind.Publication);
                    break;
                case < 8 when held.TryGetValue(i, out var time) && time < _clock.GetUtcNow():
                    came[i] = held[i] = _clock.GetUtcNow();
                    await PutAsync(i, (await database.Store.GetAsync(StoredValues.Key(i), came[i]))! with { StoredAt = came[i] }, PutKind.Copy);
                    break;
                case < 9:
                    await AdvanceAsync(database, MovedTimeTable.Pause);
                    Save();
                    break;
                default:
                    await RestartAsync(random.Next(2) == 0);
                    break;
            }
        }

        await database.DisposeAsync();

        static Dictionary<int, DateTimeOffset> NewTimes() => [];

        async Task PutAsync(int i, StoredValue value, PutKind kind) =>
            Assert.Equal(StoreResult.Stored, await database.Store.PutAsync(StoredValues.Key(i), value, kind));

        void Save()
        {
            foreach (var (i, time) in held)
            {
                saved[i] = saved.TryGetValue(i, out var last) && last > time ? last : time;
            }
        }

        async Task RestartAsync(bool isKill)
        {
            var killed = isKill ? Kill(database) : null;
            await database.DisposeAsync();
            if (!isKill)
            {
                Save();
            }

            database = killed ?? Open(_killed.Count == 0 ? Folder : _killed[^1]);
            var (now, read) = (_clock.GetUtcNow(), await database.ReadAllAsync());
            Assert.Equal(came.Keys.Select(StoredValues.Key).Order(), read.Keys.Order());
            foreach (var (i, last) in came)
            {
                var (time, least) = (read[StoredValues.Key(i)].StoredAt, written[i]);
                if (saved.TryGetValue(i, out var kept) && now - kept < Hour - Minute)
                {
                    var latest = MovedTimes.LatestAt(now);
                    kept = (kept < latest ? kept : latest) - Minute;
                    least = kept > least ? kept : least;
                }

                Assert.True(time >= least && time <= last, $"Seed {seed}, {now:O}: {least:O} <= {time:O} <= {last:O}");
                held[i] = time;
            }
        }
    }

    private static readonly IEqualityComparer<IEnumerable<NodeId>> Unordered =
        EqualityComparer<IEnumerable<NodeId>>.Create((one, other) => one!.Order().SequenceEqual(other!.Order()), _ => 0);

    private static IEnumerable<NodeId> Keys(int first, int count) => Enumerable.Range(first, count).Select(StoredValues.Key);

    private static bool HasTable(SqliteDatabase database) =>
        database.Connection.QueryInteger("SELECT count(*) FROM sqlite_master WHERE name = 'moved_time'") > 0;

    private SqliteDatabase Open(TemporaryFolder folder) =>
        SqliteDatabase.Open(folder.Path, new(StoreQuota.Unlimited), _log, _clock);

    /// <summary>What a kill at this moment leaves, opened.</summary>
    private SqliteDatabase Kill(SqliteDatabase database)
    {
        var copy = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(database.Path)!))
        {
            using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var to = File.Create(Path.Combine(copy.Path, Path.GetFileName(file)));
            open.CopyTo(to);
        }

        _killed.Add(copy);
        return Open(copy);
    }

    // Stored at the beginning of time, so due an hour after it.
    private async Task<SqliteDatabase> FillAsync(int keys, TimeSpan? life = null)
    {
        var database = Open(Folder);
        foreach (var some in Enumerable.Range(0, keys).Chunk(4_000))
        {
            var results = await database.PutBatchAsync(some.Select(i => KeyValuePair.Create(StoredValues.Key(i), Held("value", life))));
            Assert.All(results, result => Assert.Equal(StoreResult.Stored, result));
        }

        return database;
    }

    private StoredValue Held(string text, TimeSpan? life = null)
    {
        var now = _clock.GetUtcNow();
        return new(DhtValue.FromString(text), now, life is { } set ? now + set : ManualTimeProvider.Epoch + (48 * Hour), SourceNetwork.Trusted);
    }

    // As others that hold the same value do.
    private async Task TouchAsync(SqliteDatabase database, IEnumerable<int> keys, TimeSpan? life = null)
    {
        foreach (var some in keys.Chunk(4_000))
        {
            var puts = some.Select(i => database.Store.PutAsync(StoredValues.Key(i), Held("value", life), PutKind.Copy).AsTask());
            Assert.All(await Task.WhenAll(puts), result => Assert.Equal(StoreResult.Stored, result));
        }

        await database.FlushAsync();
    }

    // Timers only queue what they do.
    private async Task AdvanceAsync(SqliteDatabase database, TimeSpan by)
    {
        _clock.Advance(by);
        await database.FlushAsync();
    }

    private async Task<List<NodeId>> DueAsync(SqliteDatabase database)
    {
        var now = _clock.GetUtcNow();
        var values = await database.ReadAllAsync();
        return [.. values.Where(held => now - held.Value.StoredAt >= Hour).Select(held => held.Key)];
    }
}
