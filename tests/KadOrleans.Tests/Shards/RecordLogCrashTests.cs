using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

/// <summary>Crashes and failures at every place, against what was acknowledged.</summary>
public class RecordLogCrashTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_crash_at_any_step_of_a_compaction_loses_nothing(bool putsGoOn) => CrashAsync(putsGoOn, writes: putsGoOn ? 330 : 200, compactions: 1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Tier", "Long")]
    public Task A_crash_at_any_step_of_two_compactions_loses_nothing(bool putsGoOn) => CrashAsync(putsGoOn, writes: 520, compactions: 2);

    private static Task CrashAsync(bool putsGoOn, int writes, int compactions) => EngineHost.RunAsync(async () =>
    {
        var manifests = 0;

        // Each round stops storage one write later, so that every step of every compaction is the last one once.
        for (var lastWrite = 90; lastWrite < writes; lastWrite++)
        {
            var records = new FakeRecords();
            (manifests, var stopsAfter) = (0, lastWrite);
            records.OnWrite = name =>
            {
                manifests += name == RecordNames.Manifest && records.Writes <= stopsAfter ? 1 : 0;
                return records.Writes > stopsAfter ? WriteFault.NotDone : WriteFault.None;
            };
            var shard = await EngineHost.ActivateAsync(records);
            var acknowledged = new Dictionary<NodeId, StoredValue>();
            for (var i = 0; i < lastWrite; i++)
            {
                // Each value is new: what is held already is not written.
                var (key, value) = (Samples.Key(i % 150), Samples.Sized((i % 5 == 0 ? 8000 : 10) + (i / 150)));
                var put = putsGoOn ? shard.PutOnlyAsync((key, value)) : shard.PutAsync([(key, value)]);
                if ((await put)[0] == StoreResult.Stored)
                {
                    acknowledged[key] = value;
                }
            }

            await shard.Completion;
            records.OnWrite = _ => WriteFault.None;
            var successor = await EngineHost.ActivateAsync(records);
            Assert.Equal(acknowledged, await successor.ReadAllAsync());
            Assert.Equal(StoreResult.Stored, await successor.PutAsync(Samples.Key(-1), Samples.Text("goes on")));
        }

        // The last round saw them all: each writes the manifest twice.
        Assert.InRange(manifests, 2 * compactions, int.MaxValue);
    });

    [Fact]
    public void Whatever_fails_acknowledged_values_stay() => Run(seeds: 40, activations: 1);

    [Fact]
    public void Concurrent_activations_lose_no_acknowledged_value() => Run(seeds: 20, activations: 3);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [Trait("Tier", "Long")]
    public void With_many_more_seeds_too_acknowledged_values_stay(int activations) => Run(seeds: 60, activations);

    private static void Run(int seeds, int activations) => Randomized.ForSeeds(
        seeds, random => EngineHost.RunAsync(() => RunAsync(random, activations)).GetAwaiter().GetResult());

    private static async Task RunAsync(SeededRandomSource random, int activations)
    {
        var records = new FakeRecords();
        var possible = new Dictionary<NodeId, HashSet<StoredValue?>>();
        var written = new Dictionary<NodeId, HashSet<StoredValue?>>();
        var shards = new EngineHost?[activations];
        var cache = new ValueCache(random.Next(3) switch { 0 => 0, 1 => 20_000, _ => 4 << 20 });
        var faultsPerHundred = 0;
        records.OnWrite = _ => random.Next(100) < faultsPerHundred ? (WriteFault)(1 + random.Next(4)) : WriteFault.None;
        records.FailRead = _ => random.Next(100) < faultsPerHundred;
        for (var step = 0; step < 400; step++)
        {
            faultsPerHundred = step / 50 % 2 == 0 ? 0 : random.Next(60);
            if (random.Next(10) == 0)
            {
                records.ArriveLate();
            }

            // At once: one may load, or write, while another compacts.
            await Task.WhenAll(Enumerable.Range(0, activations).Select(index => StepAsync(index, step)));
        }

        async Task StepAsync(int index, int step)
        {
            if (random.Next(40) == 0)
            {
                // What it had begun goes on in storage, or not; its memory is gone.
                shards[index]?.Log.Image.IsOpen = false;
                shards[index] = null;
            }

            shards[index] ??= await TryActivateAsync(records, random, cache);
            if (shards[index] is { } shard)
            {
                // Each has its own keys, as calls at once come in no order.
                var key = Samples.Key((random.Next(20) * activations) + index);
                await WriteAsync(shard, key, random, possible, written.TryGetValue(key, out var known) ? known : written[key] = [], step);
                if (random.Next(8) == 0)
                {
                    await ReadAsync(shard);
                }
            }

            // A silo has one activation of a shard.
            if (activations == 1)
            {
                foreach (var (key, values) in possible)
                {
                    Assert.True(!cache.TryGetOpen(key, out var value) || values.Contains(value));
                }
            }
        }

        // One that another has overtaken may show what was there before.
        async Task ReadAsync(EngineHost shard)
        {
            try
            {
                NodeId[] keys = [.. (activations == 1 ? possible : written).Keys];
                foreach (var (key, value) in keys.Zip(await shard.ReadAsync(keys)))
                {
                    Assert.True(activations > 1 && value is null || (activations == 1 ? possible : written)[key].Contains(value));
                }
            }
            catch (Exception e) when (e is TimeoutException or IOException)
            {
                // Storage failed.
            }
        }

        records.OnWrite = _ => WriteFault.None;
        records.FailRead = _ => false;
        records.ArriveLate();
        var values = await (await EngineHost.ActivateAsync(records)).ReadAllAsync();
        foreach (var (key, expected) in possible)
        {
            Assert.Contains(values.GetValueOrDefault(key), expected);
        }

        Assert.Subset(possible.Keys.ToHashSet(), values.Keys.ToHashSet());
    }

    private static async Task<EngineHost?> TryActivateAsync(FakeRecords records, SeededRandomSource random, ValueCache cache)
    {
        try
        {
            return await EngineHost.ActivateAsync(records, random.Next(int.MaxValue), cache: cache);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static async Task WriteAsync(
        EngineHost shard,
        NodeId key,
        SeededRandomSource random,
        Dictionary<NodeId, HashSet<StoredValue?>> possible,
        HashSet<StoredValue?> written,
        int step)
    {
        var before = possible.GetValueOrDefault(key) ?? [null];
        if (random.Next(5) == 0)
        {
            try
            {
                // An activation that another has overtaken may not know of the key: then nothing is promised.
                possible[key] = await shard.RemoveAsync(key) ? [null] : before;
            }
            catch (IOException)
            {
                possible[key] = [.. before, null];
            }

            return;
        }

        var value = Samples.Text($"{step}") with { Value = DhtValue.FromBytes([.. BitConverter.GetBytes(step), .. new byte[random.Next(8000)]]) };
        written.Add(value);
        var result = await shard.PutAsync(key, value);
        possible[key] = result == StoreResult.Stored ? [value] : [.. before, value];
    }
}
