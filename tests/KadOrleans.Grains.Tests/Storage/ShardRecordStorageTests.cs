using KadOrleans.Grains.Hosting;
using KadOrleans.Grains.Storage;
using KadOrleans.Grains.Tests.Cluster;
using KadOrleans.Grains.Tests.Serialization;
using KadOrleans.Grains.Values;
using KadOrleans.Shards;
using KadOrleans.Simulation;
using KadOrleans.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Serialization;

namespace KadOrleans.Grains.Tests.Storage;

public sealed class ShardRecordStorageTests
{
    private static readonly Serializer Serializer =
        new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    private readonly TestRows _rows = new();
    private readonly ShardRecordStorage _records;

    public ShardRecordStorageTests() => _records = new ShardRecordStorage(new GrainRecordStorage(
        new TestGrainStorage(_rows, Serializer),
        GrainId.Create("shard", "1"),
        new StateVersion(Options.Create(new KadClusterOptions())),
        TimeProvider.System,
        TimeSpan.FromMinutes(1)));

    [Fact]
    public async Task Records_of_all_kinds_come_back_as_they_were_written()
    {
        var random = new SeededRandomSource(1);
        var log = new LogRecord { Sequence = random.NextLong(), Attempt = random.NextLong(), IsCompacted = true, Entries = random.NextBytes(99), IsSeal = true };
        var page = new PageRecord { Compaction = random.NextLong(), Entries = random.NextBytes(99) };
        var keys = new PageKeysRecord { Compaction = random.NextLong(), PageBytes = 7, Entries = random.NextBytes(99) };
        var manifest = new Manifest { Compaction = 3, FirstSequence = random.NextLong(), Pages = [new PageReference(4, random.NextLong())], Seal = random.NextLong() };

        var outcomes = await _records.WriteAsync([new("log", log, null), new("page", page, null), new("keys", keys, null), new("manifest", manifest, null)]);

        Assert.All(outcomes, outcome => Assert.NotNull(outcome.GetETag()));
        Same(log, outcomes[0], await _records.ReadAsync<LogRecord>("log"));
        Same(page, outcomes[1], await _records.ReadAsync<PageRecord>("page"));
        Same(keys, outcomes[2], await _records.ReadAsync<PageKeysRecord>("keys"));
        Same(manifest, outcomes[3], await _records.ReadAsync<Manifest>("manifest"));
        Assert.Equal(default, await _records.ReadAsync<Manifest>("other"));
    }

    [Fact]
    public async Task Of_records_that_are_written_together_each_has_its_own_outcome()
    {
        var first = await _records.WriteAsync("page-1", new PageRecord { Compaction = 1 }, null);
        _rows.BeforeWrite = (state, _) => state == "page-2" ? throw new TimeoutException() : Task.CompletedTask;

        var outcomes = await _records.WriteAsync(
            [new("page-0", new PageRecord(), "wrong"), new("page-1", new PageRecord { Compaction = 2 }, first), new("page-2", new PageRecord(), null)]);

        Assert.IsType<StorageConflictException>(outcomes[0].Failure);
        Assert.Throws<StorageConflictException>(() => outcomes[0].GetETag());
        Same(new PageRecord { Compaction = 2 }, outcomes[1], await _records.ReadAsync<PageRecord>("page-1"));
        Assert.IsType<TimeoutException>(outcomes[2].Failure);
    }

    private static void Same<T>(T expected, WriteOutcome outcome, StoredRecord<T> read)
        where T : class
    {
        Deep.Equal(expected, read.Content);
        Assert.Equal(outcome.NewETag, read.ETag);
    }
}
