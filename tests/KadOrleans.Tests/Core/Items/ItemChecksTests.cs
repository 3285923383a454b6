using System.Diagnostics.Metrics;
using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Tests.Core;

/// <summary>Who checks items, where, and what floods of items that do not hold cost.</summary>
public sealed class ItemChecksTests
{
    private static readonly NodeId Key = SignedItems.Key();
    private static readonly DhtValue Good = SignedItems.Sign(1, "4:good").ToValue();
    private static readonly DhtValue Bad = SignedItems.Forge(2, "3:bad").ToValue();

    private readonly ManualTimeProvider _clock = new();
    private readonly Counting _signatures = new();
    private TimeSpan _passed;

    [Fact]
    public async Task What_the_store_holds_is_not_verified_again_and_what_is_malformed_or_of_another_key_is_not_at_all()
    {
        var checks = NewChecks();
        Assert.Equal(StoreResult.Stored, (await checks.CheckAsync(Key, Good, StoredValues.Alice, Good)).Result);
        Assert.Equal(StoreResult.InvalidItem, (await checks.CheckAsync(StoredValues.Key(1), Good, StoredValues.Alice)).Result);
        var broken = DhtValue.FromBytes("d3:bepi44e"u8.ToArray());
        Assert.Equal(StoreResult.InvalidItem, (await checks.CheckAsync(Key, broken, StoredValues.Alice)).Result);
        var immutable = SignedItems.Immutable("4:good");
        Assert.Equal(StoreResult.Stored, (await checks.CheckAsync(immutable.Key, immutable.ToValue(), StoredValues.Alice)).Result);
        Assert.Equal(0, _signatures.Verified);

        Assert.Equal(SignedItems.Check(SignedItems.Sign(1, "4:good")).Item, (await checks.CheckAsync(Key, Good, StoredValues.Alice)).Item?.Item);
        Assert.Equal(1, _signatures.Verified);
    }

    [Fact]
    public async Task Signatures_are_verified_off_the_callers_thread_and_by_few_at_once()
    {
        var checks = new ItemChecks(_signatures, TimeProvider.System, threads: 2);
        using var held = new ManualResetEventSlim();
        _signatures.Wait = held;
        var pending = Enumerable.Range(0, 100).Select(i => checks.CheckAsync(Key, Good, Source(1, i)).AsTask()).ToList();
        Assert.All(pending, one => Assert.False(one.IsCompleted));
        held.Set();
        Assert.All(await Task.WhenAll(pending), one => Assert.NotNull(one.Item));
        Assert.InRange(_signatures.MostAtOnce, 1, 2);
    }

    [Fact]
    public async Task More_of_strangers_than_can_be_verified_soon_are_busy_and_the_nodes_own_wait()
    {
        var checks = new ItemChecks(_signatures, TimeProvider.System, threads: 1);
        using var held = new ManualResetEventSlim();
        _signatures.Wait = held;
        var pending = Enumerable.Range(0, ItemChecks.MaxWaiting + 50).Select(i => checks.CheckAsync(Key, Good, Source(1 + i, 1)).AsTask()).ToList();
        var own = checks.CheckAsync(Key, Good, SourceNetwork.Trusted).AsTask();
        held.Set();
        var results = await Task.WhenAll(pending);
        Assert.InRange(results.Count(one => one.Result == StoreResult.Busy), 40, 50);
        Assert.Equal(StoreResult.Stored, (await own).Result);
    }

    // It comes before its first item is verified. Also of a source whose last item was valid.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_burst_of_one_source_leaves_room_for_others_and_ends_with_its_budget(bool isKnown)
    {
        var checks = new ItemChecks(_signatures, _clock, threads: 1);
        if (isKnown)
        {
            Assert.Equal(StoreResult.Stored, (await checks.CheckAsync(Key, Good, StoredValues.Alice)).Result);
        }

        var before = _signatures.Verified;
        using var held = new ManualResetEventSlim();
        _signatures.Wait = held;
        var burst = Enumerable.Range(0, 2_000).Select(_ => checks.CheckAsync(Key, Bad, StoredValues.Alice).AsTask()).ToList();
        var honest = checks.CheckAsync(Key, Good, StoredValues.Bob).AsTask();
        held.Set();

        Assert.Equal(StoreResult.Stored, (await honest).Result);
        var results = await Task.WhenAll(burst);
        Assert.InRange(results.Count(one => one.Result == StoreResult.InvalidItem), ItemChecks.MaxWaitingOfSource, ItemChecks.MaxWaitingOfSource + 1);
        Assert.All(results, one => Assert.Contains(one.Result, new[] { StoreResult.InvalidItem, StoreResult.Busy }));
        Assert.Equal((int)ItemCheckBudget.PerSource.Burst + 1, _signatures.Verified - before);

        // All of its room is free again.
        Pass(TimeSpan.FromHours(1));
        var next = Enumerable.Range(0, ItemChecks.MaxWaitingOfSource).Select(_ => checks.CheckAsync(Key, Good, StoredValues.Alice).AsTask());
        Assert.All(await Task.WhenAll(next), one => Assert.Equal(StoreResult.Stored, one.Result));
    }

    [Fact]
    public async Task A_source_whose_items_fail_is_refused_unverified_for_a_while_and_others_are_not()
    {
        var checks = NewChecks();
        for (var i = 0; i < 1_000; i++)
        {
            Assert.Equal(StoreResult.InvalidItem, (await checks.CheckAsync(Key, Bad, StoredValues.Alice)).Result);
        }

        Assert.Equal((int)ItemCheckBudget.PerSource.Burst, _signatures.Verified);
        Assert.Equal(StoreResult.InvalidItem, (await checks.CheckAsync(Key, Good, StoredValues.Alice)).Result);
        Assert.Equal(StoreResult.Stored, (await checks.CheckAsync(Key, Good, StoredValues.Alice.WithProof(true))).Result);
        Assert.Equal(StoreResult.Stored, (await checks.CheckAsync(Key, Good, StoredValues.Bob)).Result);

        Pass(TimeSpan.FromSeconds(31));
        Assert.Equal(StoreResult.Stored, (await checks.CheckAsync(Key, Good, StoredValues.Alice)).Result);
    }

    [Fact]
    public void Each_check_is_counted_by_what_it_found_and_what_is_held_is_not()
    {
        var (counted, checks) = (new Dictionary<string, long>(), NewChecks());
        var thread = Environment.CurrentManagedThreadId;
        using var listener = new MeterListener();
        listener.InstrumentPublished = static (instrument, all) =>
        {
            if (instrument.Name == "kad.item.checks")
            {
                all.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            // Other tests have checks of their own.
            if (Environment.CurrentManagedThreadId == thread)
            {
                Assert.Equal("kad.item.result", tags[0].Key);
                counted[$"{tags[0].Value}"] = counted.GetValueOrDefault($"{tags[0].Value}") + count;
            }
        });
        listener.Start();

        Check(Key, Good, StoredValues.Bob, Good);
        Assert.Empty(counted);
        Check(Key, Good, StoredValues.Bob);
        Check(Key, SignedItems.Sign(7, "4:next").ToValue(), StoredValues.Bob);
        Check(StoredValues.Key(1), Good, StoredValues.Bob);
        for (var i = 0; i < ItemCheckBudget.PerSource.Burst + 3; i++)
        {
            Check(Key, Bad, StoredValues.Alice);
        }

        Assert.Equal(
            [("accepted", 2), ("forged", (long)ItemCheckBudget.PerSource.Burst), ("malformed", 1), ("over_budget", 3)],
            counted.Select(one => (one.Key, one.Value)).Order());
        ItemCheckMetrics.Begin();
        Assert.Equal(["accepted", "busy", "forged", "malformed", "over_budget"], counted.Keys.Order());

        void Check(NodeId key, DhtValue value, SourceNetwork source, DhtValue held = default) =>
            Assert.True(checks.CheckAsync(key, value, source, held).AsTask().IsCompletedSuccessfully);
    }

    // 20,000 a second for a minute, of few sources or of one of each of thousands of subnets, among them puts of honest ones.
    [Theory]
    [InlineData(4, 1)]
    [InlineData(200, 50)]
    [InlineData(2_000, 1)]
    public async Task In_a_flood_of_bad_signatures_honest_puts_are_answered_and_few_are_verified(int subnets, int sourcesOfEach)
    {
        const int Seconds = 60;
        const int PerSecond = 20_000;
        const int Honest = 100;
        var checks = NewChecks();
        var (answered, asked, verified) = (0, 0, 0);
        for (var tick = 0; tick < Seconds * 100; tick++)
        {
            for (var i = 0; i < PerSecond / 100; i++)
            {
                if (i == tick % (PerSecond / 100))
                {
                    await PutHonestAsync(tick);
                }

                var number = (tick * (PerSecond / 100)) + i;
                var source = Source(1 + (number % subnets), 1 + (number / subnets % sourcesOfEach));
                Assert.NotEqual(StoreResult.Stored, (await checks.CheckAsync(Key, Bad, source)).Result);
            }

            Pass(TimeSpan.FromMilliseconds(10));
        }

        var failed = _signatures.Verified - verified;
        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} of {asked} answered; {(double)failed / Seconds:F0} failed checks a second");
        Assert.True(answered >= 0.95 * asked, $"{answered} of {asked}");
        Assert.InRange(failed / Seconds, 0, 3_000);

        async Task PutHonestAsync(int number)
        {
            var before = _signatures.Verified;
            var result = (await checks.CheckAsync(Key, Good, Source(60_000 + (number % Honest), 1))).Result;
            (asked, answered) = (asked + 1, answered + (result == StoreResult.Stored ? 1 : 0));
            verified += _signatures.Verified - before;
        }
    }

    private void Pass(TimeSpan time) => _clock.MoveTo(_passed += time);

    private ItemChecks NewChecks() => new(_signatures, _clock, threads: 0);

    private static SourceNetwork Source(int subnet, int host) =>
        SourceNetwork.Of(UdpEndpoint.Parse($"{20 + (subnet >> 16)}.{subnet >> 8 & 255}.{subnet & 255}.{host}:1"));

    // Ed25519, but for what is known not to hold, as a flood would take too long.
    private sealed class Counting : ISignatures
    {
        private readonly Lock _gate = new();
        private int _atOnce;

        public int Verified { get; private set; }

        public int MostAtOnce { get; private set; }

        public ManualResetEventSlim? Wait { get; set; }

        public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
        {
            lock (_gate)
            {
                Verified++;
                MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
            }

            Wait?.Wait();
            lock (_gate)
            {
                _atOnce--;
            }

            return message.IndexOf("3:bad"u8) < 0 && Ed25519Signatures.Instance.Verify(publicKey, message, signature);
        }
    }
}
