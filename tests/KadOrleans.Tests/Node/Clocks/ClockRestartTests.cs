using System.Runtime.CompilerServices;

namespace KadOrleans.Tests.Node;

/// <summary>
/// A wrong clock, restarts and kills within one boot of the machine, over a real file and on virtual time: what was acknowledged since the boot,
/// and is alive by the true time, is there once the clock is right.
/// </summary>
public sealed class ClockRestartTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Life = new KademliaOptions().ValueTimeToLive;

    /// <summary>Until a clock that is right is believed: ten minutes in pace, noticed by a check each minute.</summary>
    private static readonly TimeSpan Believed = ClockJudge.SettlingTime + TimeSpan.FromMinutes(2);

    /// <summary>A clock without a battery, which the time service sets right, and a kill before that is believed.</summary>
    [Theory]
    [InlineData(-30)]
    [InlineData(-8)]
    [InlineData(30)]
    public void What_was_put_while_the_clock_was_wrong_at_the_start_is_there_after_a_kill_and_a_restart(int days) => RunAsync(seed: 1, async machine =>
    {
        machine.SetClock(TimeSpan.FromDays(days));
        await machine.StartAsync();
        await machine.PutAsync(published: true);
        await machine.PutAsync();
        await machine.World.PassAsync(TimeSpan.FromMinutes(2));
        machine.SetClock(TimeSpan.Zero);
        await machine.PutAsync();
        await machine.World.PassAsync(TimeSpan.FromMinutes(5));

        await machine.KillAsync();
        await machine.StartAsync();

        await machine.AssertAliveAsync();
        await machine.World.PassAsync(Believed);
        await machine.AssertAliveAsync();

        // They live as long as they would have by the right clock, unless it was ahead.
        await machine.World.PassAsync(Life - TimeSpan.FromHours(1));
        await machine.AssertAliveAsync();
        await machine.World.PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(days < 0 ? 0 : 1, Math.Min(1, await machine.CountAsync()));
    });

    [Fact]
    public void After_another_boot_the_clock_is_believed_at_once() => RunAsync(seed: 2, async machine =>
    {
        machine.SetClock(-TimeSpan.FromDays(30));
        await machine.StartAsync();
        await machine.PutAsync();
        machine.SetClock(TimeSpan.Zero);
        await machine.World.PassAsync(TimeSpan.FromMinutes(5));

        await machine.KillAsync();
        machine.Boot();
        await machine.StartAsync();

        Assert.Equal(0, await machine.CountAsync());
    });

    [Fact]
    public void A_kill_while_a_correction_is_written_loses_nothing() => RunAsync(seed: 3, async machine =>
    {
        machine.SetClock(-TimeSpan.FromDays(30));
        await machine.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            await machine.PutAsync();
        }

        machine.SetClock(TimeSpan.Zero);
        machine.WritesLeft = 10;
        await machine.World.PassAsync(Believed);
        Assert.Equal(0, machine.WritesLeft);

        await machine.KillAsync();
        await machine.StartAsync();
        await machine.World.PassAsync(TimeSpan.FromMinutes(2));

        await machine.AssertAliveAsync();
        await machine.World.PassAsync(Life - TimeSpan.FromHours(1));
        await machine.AssertAliveAsync();
    });

    [Fact]
    public void A_machine_that_sleeps_for_a_night_has_no_wrong_clock() => RunAsync(seed: 4, async machine =>
    {
        await machine.StartAsync();
        await machine.PutAsync();
        machine.Sleep(TimeSpan.FromHours(9));
        await machine.World.PassAsync(TimeSpan.FromMinutes(2));

        Assert.True((await machine.Node.DescribeAsync()).Clock.Agrees);
        await machine.AssertAliveAsync();
    });

    /// <summary>Jumps of an hour to five weeks, in both directions, each for minutes or hours, and kills at any moment.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(104)]
    [InlineData(204)]
    [InlineData(220)]
    [InlineData(228)]
    [InlineData(282)]
    [InlineData(285)]
    [InlineData(287)]
    [InlineData(289)]
    [InlineData(290)]
    [InlineData(500)]
    public void Nothing_is_lost_by_jumps_and_kills_within_a_boot(int seed) => RunAsync(seed, async machine =>
    {
        var random = machine.World.Random;
        machine.SetClock(AnyJump());
        await machine.StartAsync();
        for (var step = 0; step < 60; step++)
        {
            var what = random.Next(10);
            switch (what)
            {
                case 0:
                    machine.SetClock(AnyJump());
                    break;
                case 1:
                    machine.SetClock(TimeSpan.Zero);
                    break;
                case 2:
                    await machine.KillAsync();
                    await machine.World.PassAsync(TimeSpan.FromSeconds(random.Next(1_000)));
                    await machine.StartAsync();
                    break;
                case 3:
                    machine.SetClock(TimeSpan.Zero);
                    await machine.World.PassAsync(Believed);
                    await machine.AssertAliveAsync();
                    break;
                default:
                    await machine.PutAsync(published: what == 4);
                    await machine.World.PassAsync(TimeSpan.FromSeconds(random.Next(what == 5 ? 20_000 : 300)));
                    break;
            }
        }

        machine.SetClock(TimeSpan.Zero);
        await machine.World.PassAsync(Believed);
        await machine.AssertAliveAsync();

        TimeSpan AnyJump() => TimeSpan.FromHours(1 + random.Next(24 * 35)) * (random.Next(2) == 0 ? 1 : -1);
    });

    private void RunAsync(int seed, Func<Machine, Task> scenario)
    {
        output.WriteLine($"Seed {seed}");
        var world = new SimulatedWorld(seed);
        world.Run(async () =>
        {
            await using var machine = new Machine(world);
            await scenario(machine);
        });
    }

    /// <summary>A node on a machine with a wall clock, which is at times wrong, and the time since its boot.</summary>
    private sealed class Machine(SimulatedWorld world) : IAsyncDisposable
    {
        private readonly InMemoryNodeStateStore _states = new();
        private readonly Dictionary<NodeId, (DhtValue Value, TimeSpan At)> _acknowledged = [];
        private SqliteUpkeepStores _stores = new();
        private TimeSpan _wrong, _slept, _bootedAt;
        private int _boots = 1;

        public SimulatedWorld World => world;

        public KadNode Node { get; private set; } = null!;

        /// <summary>Writes that the disk takes before it fails; null: any number.</summary>
        public int? WritesLeft { get; set; }

        public void SetClock(TimeSpan wrong)
        {
            world.Clock.SetWallClock(wrong - _wrong);
            _wrong = wrong;
        }

        public void Sleep(TimeSpan time)
        {
            world.Clock.SetWallClock(time);
            _slept += time;
        }

        public void Boot() => (_boots, _bootedAt) = (_boots + 1, world.Clock.Elapsed + _slept);

        public async Task StartAsync() => Node = await world.StartAsync(
            Without.Walks,
            new FileStore(_stores, this),
            _states,
            new FilePublications(_stores),
            environment: world.Environment with { Boot = () => new BootTime($"boot {_boots}", world.Clock.Elapsed + _slept - _bootedAt) },
            clocks: _stores.Clock);

        /// <summary>What the file has then is what the next start finds.</summary>
        public async Task KillAsync()
        {
            var left = (SqliteUpkeepStores)await _stores.CopyAsync();
            await DisposeAsync();
            (_stores, WritesLeft) = (left, null);
        }

        public async Task PutAsync(bool published = false)
        {
            var (key, value) = (NodeId.Random(world.Random), DhtValue.FromInteger(_acknowledged.Count));
            var set = published
                ? await Node.SetAsync(key, value, SetAcknowledgement.Durable)
                : await Node.SetAsync(key, value, Life);
            Assert.True(set.Succeeded, $"{set}");
            _acknowledged.Add(key, (value, world.Clock.Elapsed));
        }

        /// <summary>By the true time, less what a clock needs to be believed.</summary>
        public async Task AssertAliveAsync()
        {
            foreach (var (key, (value, at)) in _acknowledged)
            {
                if (world.Clock.Elapsed - at < Life - TimeSpan.FromMinutes(1))
                {
                    Assert.Equal((key, value), (key, (await Node.GetAsync(key)).Value));
                }
            }
        }

        public async Task<int> CountAsync()
        {
            var found = 0;
            foreach (var key in _acknowledged.Keys)
            {
                found += (await Node.GetAsync(key)).Found && await _stores.Publications.GetAsync(key) is null ? 1 : 0;
            }

            return found;
        }

        public async ValueTask DisposeAsync()
        {
            await Node.DisposeAsync();
            await _stores.AwaitAsync(async () =>
            {
                await _stores.DisposeAsync();
                return true;
            });
        }
    }

    /// <summary>A file's store. No virtual time passes during a call, and its disk is full after so many writes.</summary>
    private sealed class FileStore(SqliteUpkeepStores stores, Machine machine) : IKeyStore
    {
        public StoreTurnover Turnover => stores.Keys.Turnover;

        public long NextVersion(DateTimeOffset now) => stores.Keys.NextVersion(now);

        public async ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
            await stores.AwaitAsync(() => stores.Keys.GetAsync(key, now, cancellationToken).AsTask());

        public async ValueTask<StoreResult> PutAsync(
            NodeId key, StoredValue value, PutTerms terms = default, CancellationToken cancellationToken = default)
        {
            if (machine.WritesLeft == 0)
            {
                return StoreResult.StorageFailed;
            }

            machine.WritesLeft--;
            return await stores.AwaitAsync(() => stores.Keys.PutAsync(key, value, terms, cancellationToken).AsTask());
        }

        public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) =>
            await stores.AwaitAsync(() => stores.Keys.RemoveExpiredAsync(now, cancellationToken).AsTask());

        public async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
            KeyRegion region, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (var entry in await stores.AwaitAsync(() => stores.Keys.ScanAsync(region, cancellationToken).ToListAsync(cancellationToken).AsTask()))
            {
                yield return entry;
            }
        }

        public void SetArea(ResponsibleArea area) => stores.Keys.SetArea(area);

        public IReadOnlyList<SourceChanges> GetTopChanges(int count) => stores.Keys.GetTopChanges(count);

        public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) => stores.Keys.GetUsageAsync(cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class FilePublications(SqliteUpkeepStores stores) : IPublicationStore
    {
        public ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default) =>
            stores.Publications.GetAsync(key, cancellationToken);

        public async ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default) =>
            await stores.AwaitAsync(() => stores.Publications.PutAsync(key, publication, cancellationToken).AsTask());

        public async ValueTask<StoreResult> ReplaceAsync(
            NodeId key, Publication before, Publication? after, CancellationToken cancellationToken = default) =>
            await stores.AwaitAsync(() => stores.Publications.ReplaceAsync(key, before, after, cancellationToken).AsTask());

        public async ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default) =>
            await stores.AwaitAsync(() => stores.Publications.RemoveAsync(key, cancellationToken).AsTask());

        public IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(CancellationToken cancellationToken = default) =>
            stores.Publications.ScanAsync(cancellationToken);
    }
}
