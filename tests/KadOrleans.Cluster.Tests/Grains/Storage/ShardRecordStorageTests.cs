using KadOrleans.Shards;

namespace KadOrleans.Cluster.Tests.Grains;

public sealed class ShardRecordStorageTests
{
    private readonly TestRows _rows = new();
    private readonly ShardRecordStorage _records;

    public ShardRecordStorageTests() => _records = RecordsOf(_rows);

    internal static ShardRecordStorage RecordsOf(TestRows rows, GrainId? shard = null) => new(new GrainRecordStorage(
        new TestGrainStorage(rows),
        shard ?? GrainId.Create("shard", "1"),
        TimeProvider.System,
        TimeSpan.FromMinutes(1)));

    [Fact]
    public async Task Of_records_that_are_written_together_each_has_its_own_outcome()
    {
        var first = await _records.WriteAsync([new("page-1", new PageRecord { Compaction = 1 }, null)])[0];
        _rows.BeforeWrite = (state, _) => state == "page-2" ? throw new TimeoutException() : Task.CompletedTask;

        var outcomes = _records.WriteAsync(
            [new("page-0", new PageRecord(), "wrong"), new("page-1", new PageRecord { Compaction = 2 }, first), new("page-2", new PageRecord(), null)]);

        await Assert.ThrowsAsync<StorageConflictException>(() => outcomes[0]);
        Same(new PageRecord { Compaction = 2 }, await outcomes[1], await _records.ReadAsync<PageRecord>("page-1"));
        await Assert.ThrowsAsync<TimeoutException>(() => outcomes[2]);
    }

    [Fact]
    public async Task Records_of_all_kinds_come_back_as_they_were_written()
    {
        var random = new SeededRandomSource(1);
        var log = new LogRecord { Sequence = random.NextLong(), Attempt = random.NextLong(), IsCompacted = true, Entries = random.NextBytes(99), IsSeal = true };
        var page = new PageRecord { Compaction = random.NextLong(), Entries = random.NextBytes(99) };
        var keys = new PageKeysRecord { Compaction = random.NextLong(), PageBytes = 7, Entries = random.NextBytes(99) };
        var times = new TimesRecord { Minutes = random.NextLong(), Entries = random.NextBytes(99) };
        var manifest = new Manifest { Compaction = 3, FirstSequence = random.NextLong(), Pages = [new PageReference(4, random.NextLong())], Seal = random.NextLong() };

        var etags = await Task.WhenAll(_records.WriteAsync([new("log", log, null), new("page", page, null), new("keys", keys, null), new("manifest", manifest, null), new("times", times, null)]));

        Assert.All(etags, Assert.NotNull);
        Same(log, etags[0], await _records.ReadAsync<LogRecord>("log"));
        Same(page, etags[1], await _records.ReadAsync<PageRecord>("page"));
        Same(keys, etags[2], await _records.ReadAsync<PageKeysRecord>("keys"));
        Same(manifest, etags[3], await _records.ReadAsync<Manifest>("manifest"));
        Same(times, etags[4], await _records.ReadAsync<TimesRecord>("times"));
        Assert.Equal(default, await _records.ReadAsync<Manifest>("other"));
    }

    private static void Same<T>(T expected, string? etag, StoredRecord<T> read)
        where T : class
    {
        Deep.Equal(expected, read.Content);
        Assert.Equal(etag, read.ETag);
    }
}
