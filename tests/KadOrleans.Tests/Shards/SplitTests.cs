using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

/// <summary>A shard is split into its halves, whatever fails meanwhile and whoever else is active.</summary>
public class SplitTests
{
    private const int Keys = 120;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(Keys)]
    public Task A_split_shard_has_nothing_and_its_halves_everything(int keys) => EngineHost.RunAsync(async () =>
    {
        var records = new SplitRecords();
        var (host, acknowledged) = await FillAsync(records, keys);

        await host.SplitAsync();

        Assert.Empty((await SplitHost.ActivateAsync(records)).Shard.Log.Shard.Enumerate());
        await AssertHalvesAsync(records, acknowledged);
        Assert.InRange(records.Shard.Bytes, 0, 256 * 4500);
        var seal = (await records.Shard.ReadAsync<Manifest>(RecordNames.Manifest)).Content!.Seal;
        var (sequence, isSeal) = (await records.Shard.ReadAsync<LogRecord>(RecordNames.Log((int)(seal % LogRing.Slots)))).Content is { } last ? (last.Sequence, last.IsSeal) : default;
        Assert.Equal((seal, true), (sequence, isSeal));
        var writes = records.Writes;
        await (await SplitHost.ActivateAsync(records)).SplitAsync();
        Assert.Equal(writes, records.Writes);
    });

    [Theory]
    [InlineData(6_000, 10)]
    [InlineData(1_600, 6_000)]
    public Task Pages_are_copied_a_few_at_a_time_with_and_without_records_of_their_keys(int keys, int length) => EngineHost.RunAsync(async () =>
    {
        var records = new SplitRecords();
        var acknowledged = Enumerable.Range(0, keys).ToDictionary(Samples.Key, i => SplitHost.Value(i, length));
        var host = await SplitHost.ActivateAsync(records);
        foreach (var some in acknowledged.Chunk(40))
        {
            await host.Shard.PutAsync([.. some.Select(pair => (pair.Key, pair.Value))]);
        }

        var bytes = host.Shard.Log.Image.Pages.ToDictionary(page => RecordNames.Page(page.Number), page => (long)page.Bytes);
        var (together, most) = (0L, 0L);
        records.Shard.FailRead = name =>
        {
            together += bytes.GetValueOrDefault(name);
            most = Math.Max(most, together);
            return false;
        };
        records.Lower.BeforeWrite = records.Upper.BeforeWrite = _ =>
        {
            together = 0;
            return Task.CompletedTask;
        };
        await host.Shard.Engine.FillHalvesAsync();

        Assert.InRange(bytes.Count, 4, 400);
        Assert.InRange(most, 1, 4 << 20);
        await host.Shard.Engine.EmptyAsync();
        await AssertHalvesAsync(records, acknowledged);
        Assert.All([records.Lower, records.Upper], half =>
        {
            var (ofPages, ofKeys) = (CountOf(half, "kad-shard-page-"), CountOf(half, "kad-shard-keys-"));
            Assert.InRange(ofPages, 2, 400);
            Assert.Equal(length > 1000 ? ofPages : 0, ofKeys);
        });

        static int CountOf(FakeRecords half, string kind) => half.Names.Count(name => name.StartsWith(kind, StringComparison.Ordinal));
    });

    [Theory]
    [InlineData((int)WriteFault.NotDone)]
    [InlineData((int)WriteFault.Done)]
    [InlineData((int)WriteFault.DoneTwice)]
    [InlineData((int)WriteFault.DoneLater)]
    public Task A_split_that_stops_at_any_step_loses_nothing_and_is_completed(int fault) => EngineHost.RunAsync(async () =>
    {
        var filled = new SplitRecords();
        var (_, values) = await FillAsync(filled, Keys);
        var isComplete = false;
        for (var lastWrite = 0; !isComplete; lastWrite++)
        {
            var records = new SplitRecords { Shard = filled.Shard.Copy() };
            var (host, acknowledged) = (await SplitHost.ActivateAsync(records), values.ToDictionary());
            records.FailAfter(lastWrite, (WriteFault)fault);
            isComplete = await SplitHost.TryAsync(host.SplitAsync);
            foreach (var key in acknowledged.Keys.Take(10))
            {
                await SplitHost.TryAsync(async () => Assert.Equal(acknowledged[key], await host.GetAsync(key)));
            }

            records.SetFaults(() => WriteFault.None);
            var successor = await SplitHost.ActivateAsync(records);
            Assert.Equal(acknowledged.First().Value, await successor.GetAsync(acknowledged.First().Key));
            foreach (var some in records.All)
            {
                some.ArriveLate();
            }

            var (fresh, value) = (Samples.Key(-1 - lastWrite), Samples.Text("goes on"));
            Assert.Equal(StoreResult.Stored, await successor.PutAsync(fresh, value));
            acknowledged[fresh] = value;
            await successor.SplitAsync();
            await AssertHalvesAsync(records, acknowledged);
            Assert.True(lastWrite < 2000, "It never ends.");
        }
    });

    [Fact]
    public Task Gets_are_answered_and_writes_wait_while_a_shard_is_copied() => EngineHost.RunAsync(async () =>
    {
        var records = new SplitRecords();
        var (host, acknowledged) = await FillAsync(records, Keys);
        var (reached, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        records.Upper.BeforeWrite = _ =>
        {
            reached.TrySetResult();
            return gate.Task;
        };
        var split = host.SplitAsync();
        await reached.Task;

        var put = host.PutAsync(Samples.Key(-1), Samples.Text("new"));
        foreach (var (key, value) in acknowledged)
        {
            Assert.Equal(value, await host.GetAsync(key));
        }

        Assert.False(put.IsCompleted);
        gate.SetResult();
        await split;
        Assert.Equal(StoreResult.Stored, await put);
        acknowledged[Samples.Key(-1)] = Samples.Text("new");
        await AssertHalvesAsync(records, acknowledged);
    });

    [Fact]
    public Task A_silo_does_not_answer_from_its_cache_for_a_log_that_has_ended() => EngineHost.RunAsync(async () =>
    {
        var records = new SplitRecords();
        var cache = new ValueCache(4 << 20);
        var (_, acknowledged) = await FillAsync(records, Keys);
        var host = await SplitHost.ActivateAsync(records, cache: cache);
        await host.Shard.ReadAllAsync();
        Assert.All(acknowledged, held => Assert.Equal(held.Value, cache.TryGetOpen(held.Key, out var value) ? value : null));

        await host.Shard.Engine.FillHalvesAsync();

        Assert.All(acknowledged.Keys, key => Assert.False(cache.TryGetOpen(key, out _)));
    });

    [Fact]
    public Task A_log_that_ends_before_its_compaction_begins_stays_ended() => EngineHost.RunAsync(async () =>
    {
        var records = new SplitRecords();
        var cache = new ValueCache(20_000);
        var (_, acknowledged) = await FillAsync(records, Keys);
        var host = await SplitHost.ActivateAsync(records, cache: cache);

        // As many others compact as may at once.
        var gate = new TaskCompletionSource();
        var others = Enumerable.Range(0, ValueCache.MaxCompactions).Select(_ => CompactAsync()).ToList();
        await host.Shard.Log.BeginCompactionAsync();
        var split = host.SplitAsync();
        await Eventually.IsTrueAsync(() => host.Shard.Log.IsSealed);
        gate.SetResult();
        await Task.WhenAll(others);
        await split;

        await AssertHalvesAsync(records, acknowledged);
        Assert.True((await SplitHost.ActivateAsync(records)).Shard.Log.Image.IsSplit);

        async Task CompactAsync()
        {
            using var permit = await cache.Compactions.AcquireAsync();
            await gate.Task;
        }
    });

    [Fact]
    public Task A_log_that_another_activation_ended_is_not_compacted_after_a_failure() => EngineHost.RunAsync(async () =>
    {
        var records = new SplitRecords();
        var (stale, acknowledged) = await FillAsync(records, Keys);
        records.SetFaults(() => WriteFault.NotDone);
        await stale.Shard.Log.BeginCompactionAsync();
        await stale.Shard.Log.Compacting;
        records.SetFaults(() => WriteFault.None);
        await (await SplitHost.ActivateAsync(records)).Shard.Engine.FillHalvesAsync();

        await stale.Shard.Log.BeginCompactionAsync();
        await stale.Shard.Log.Compacting;

        var successor = await SplitHost.ActivateAsync(records);
        Assert.True(successor.Shard.Log.IsSealed);
        Assert.Equal(StoreResult.Stored, await successor.PutAsync(Samples.Key(-1), Samples.Text("new")));
        acknowledged[Samples.Key(-1)] = Samples.Text("new");
        await successor.SplitAsync();
        await AssertHalvesAsync(records, acknowledged);
    });

    [Fact]
    public Task A_half_is_split_again() => EngineHost.RunAsync(async () =>
    {
        var records = new SplitRecords();
        var (host, acknowledged) = await FillAsync(records, Keys);
        await host.SplitAsync();
        var (half, lower, upper) = (records.Upper, new FakeRecords(), new FakeRecords());
        var (first, border) = (NodeId.MinValue.WithBit(0, true), NodeId.MinValue.WithBit(0, true).WithBit(1, true));
        var engine = (await SplitHost.ActivateHalfAsync(half, new HalfRecords(lower, upper, border))).Engine;

        await engine.FillHalvesAsync();
        await engine.EmptyAsync();

        var held = await SplitHost.ReadHalfAsync(lower);
        Assert.All(held.Keys, key => Assert.True(key >= first && key < border));
        Assert.Equal(
            acknowledged.Where(pair => pair.Key >= first).ToDictionary(), held.Concat(await SplitHost.ReadHalfAsync(upper)).ToDictionary());
    });

    private static async Task<(SplitHost Host, Dictionary<NodeId, StoredValue> Acknowledged)> FillAsync(SplitRecords records, int keys)
    {
        var host = await SplitHost.ActivateAsync(records);
        var acknowledged = new Dictionary<NodeId, StoredValue>();
        for (var i = 0; i < keys; i++)
        {
            // Some in pages, some in the log, some removed, some changed.
            var (key, value) = (Samples.Key(i % (keys * 9 / 10 + 1)), SplitHost.Value(i, i % 2 == 0 ? 6000 : 10));
            Assert.Equal(StoreResult.Stored, await host.Shard.PutAsync(key, value));
            acknowledged[key] = value;
            if (i % 7 == 3)
            {
                await host.Shard.RemoveAsync(key);
                acknowledged.Remove(key);
            }
        }

        return (host, acknowledged);
    }

    private static async Task AssertHalvesAsync(SplitRecords records, Dictionary<NodeId, StoredValue> expected)
    {
        Assert.Equal(expected, await SplitHost.ReadHalvesAsync(records));
        Assert.All((await SplitHost.ReadHalfAsync(records.Lower)).Keys, key => Assert.Equal(records.Lower, records.HalfOf(key)));
    }
}
