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

    [Theory]
    [InlineData(40, 1, false)]
    [InlineData(20, 3, false)]
    [InlineData(10, 3, true)]
    public void Whatever_fails_and_whoever_is_active_acknowledged_values_stay(int seeds, int activations, bool splits) =>
        Run(seeds, activations, splits);

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    [Trait("Tier", "Long")]
    public void With_many_more_seeds_too_acknowledged_values_stay(int activations, bool splits) => Run(seeds: 60, activations, splits);

    private static void Run(int seeds, int activations, bool splits) => Randomized.ForSeeds(
        seeds, random => EngineHost.RunAsync(() => RunAsync(random, activations, splits)).GetAwaiter().GetResult());

    private static async Task RunAsync(SeededRandomSource random, int activations, bool splits)
    {
        var records = new SplitRecords();
        var possible = new Dictionary<NodeId, HashSet<StoredValue?>>();
        var written = new Dictionary<NodeId, HashSet<StoredValue?>>();
        var hosts = new SplitHost?[activations];
        var cache = new ValueCache(random.Next(3) switch { 0 => 0, 1 => 20_000, _ => 4 << 20 });
        var faultsPerHundred = 0;
        records.SetFaults(
            () => random.Next(100) < faultsPerHundred ? (WriteFault)(1 + random.Next(4)) : WriteFault.None,
            () => random.Next(100) < faultsPerHundred);
        var steps = splits ? 200 : 400;
        for (var step = 0; step < steps; step++)
        {
            faultsPerHundred = step * 8 / steps % 2 == 0 ? 0 : random.Next(splits ? 40 : 60);
            if (random.Next(10) == 0)
            {
                records.All[random.Next(splits ? 3 : 1)].ArriveLate();
            }

            // At once: one may load, or write, while another compacts.
            await Task.WhenAll(Enumerable.Range(0, activations).Select(index => SplitHost.TryAsync(() => StepAsync(index, step))));

            // A silo has one activation of a shard.
            Assert.All(activations == 1 ? possible : [], held => Assert.True(!cache.TryGetOpen(held.Key, out var value) || held.Value.Contains(value)));
        }

        records.SetFaults(() => WriteFault.None);
        records.All.ToList().ForEach(some => some.ArriveLate());
        var successor = await SplitHost.ActivateAsync(records);
        await (splits ? successor.SplitAsync() : Task.CompletedTask);
        var values = await (splits ? SplitHost.ReadHalvesAsync(records) : successor.Shard.ReadAllAsync());
        Assert.All(possible, expected => Assert.Contains(values.GetValueOrDefault(expected.Key), expected.Value));
        Assert.Subset(possible.Keys.ToHashSet(), values.Keys.ToHashSet());

        async Task StepAsync(int index, int step)
        {
            if (random.Next(40) == 0 || hosts[index] is { Shard.Log.IsSuperseded: true })
            {
                // What it had begun goes on in storage, or not; its memory is gone.
                hosts[index]?.Shard.Log.Image.IsOpen = false;
                hosts[index] = null;
            }

            var host = hosts[index] ??= await SplitHost.ActivateAsync(records, cache);
            if (splits && step > 60 && random.Next(20) == 0)
            {
                await host.SplitAsync();
            }

            // Each has its own keys, as calls at once come in no order.
            var key = Samples.Key((random.Next(splits ? 40 : 20) * activations) + index);
            var before = possible.GetValueOrDefault(key) ?? [null];
            if (!splits && random.Next(5) == 0)
            {
                // An activation that another has overtaken may not know of the key: then nothing is promised.
                possible[key] = [.. before, null];
                possible[key] = await host.Shard.RemoveAsync(key) ? [null] : before;
            }
            else
            {
                var value = SplitHost.Value(step, random.Next(8000));
                possible[key] = [.. before, value];
                written[key] = [.. written.GetValueOrDefault(key) ?? [], value];
                if (await host.PutAsync(key, value) == StoreResult.Stored)
                {
                    possible[key] = [value];
                }

                await (splits ? Task.CompletedTask : host.Shard.Completion);
            }

            if (!splits && random.Next(8) == 0)
            {
                await ReadAsync(host);
            }
        }

        // One that another has overtaken may show what was there before.
        async Task ReadAsync(SplitHost host)
        {
            var known = activations == 1 ? possible : written;
            NodeId[] keys = [.. known.Keys];
            foreach (var (key, value) in keys.Zip(await host.Shard.ReadAsync(keys)))
            {
                Assert.True((activations > 1 && value is null) || known[key].Contains(value));
            }
        }
    }
}
