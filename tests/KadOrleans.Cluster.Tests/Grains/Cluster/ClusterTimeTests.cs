using KadOrleans.Shards;
using Orleans.Runtime.Placement;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Silos whose clocks differ, each on virtual time of its own, agree on one time.</summary>
public sealed class ClusterTimeTests : IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, SteppedClock> _clocks = new();
    private double _ahead;
    private ClusterFixture? _started;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ClusterFixture Cluster => _started!;

    private DateTimeOffset Now => Cluster.Clock.GetUtcNow();

    public async ValueTask DisposeAsync() => await (_started?.DisposeAsync() ?? ValueTask.CompletedTask);

    [Theory]
    [InlineData(20)]
    [InlineData(-20)]
    [InlineData(1_200)]
    [InlineData(-1_200)]
    public async Task One_wrong_clock_of_three_refuses_nothing_and_does_not_move_the_time(double ahead)
    {
        await StartAsync(3, ahead: 0);
        var wrong = Addresses[2];
        _clocks[NameOf(wrong)].Ahead = TimeSpan.FromSeconds(ahead);
        await AgreeAsync();
        foreach (var (number, silo) in Addresses.Index())
        {
            Assert.Equal(silo.Equals(wrong) ? -ahead : 0, TimeOf(silo).Correction.TotalSeconds, 1.0);
            await PutOnAsync(silo, 10 * (number + 1));
        }

        // Wherever the grain is that edges and the other silos ask.
        foreach (var silo in Addresses)
        {
            await Cluster.Directory.GetUtcNowAsync();
            if (!silo.Equals(await Cluster.FindSiloAsync(Cluster.Directory)))
            {
                await Cluster.Cluster.MigrateAsync(Cluster.Directory, silo);
            }

            Assert.Equal(Now, await Cluster.Directory.GetUtcNowAsync(), Second);
        }

        foreach (var (number, silo) in Addresses.Index())
        {
            await SetThroughAsync(silo, number);
        }
    }

    [Fact]
    public async Task Of_two_silos_the_clock_of_the_first_holds_until_a_third_decides()
    {
        await StartAsync(1, ahead: 60);
        _ahead = 0;
        await Cluster.Cluster.StartSilosAsync(1, Token);
        Assert.All(Addresses, silo => Assert.Equal(Now.AddSeconds(60), TimeOf(silo).GetUtcNow(), Second));

        await Cluster.Cluster.StartSilosAsync(1, Token);
        await AgreeAsync();
    }

    [Fact]
    public void A_stamp_of_the_time_before_a_step_ahead_is_taken_and_another_is_late()
    {
        var clock = new ManualTimeProvider();
        var time = new ClusterTime(clock);
        var put = new Put(Samples.Key(1), Samples.Text("value") with { StoredAt = clock.GetUtcNow() });
        time.Apply(new ClockComparison(TimeSpan.FromMinutes(20), TimeSpan.Zero));
        Assert.Equal(TimeSpan.FromMinutes(20), time.RecentStep);

        Assert.Null(put.Admit(time.GetUtcNow(), time.RecentStep).FindRefusal(null, time.GetUtcNow()));

        // Older than a call may be, and not by the step.
        var late = put with { Value = put.Value with { StoredAt = time.GetUtcNow().AddSeconds(-10) } };
        Assert.Equal(StoreResult.Late, late.Admit(time.GetUtcNow(), time.RecentStep).FindRefusal(null, time.GetUtcNow()));

        clock.Advance(ClusterTime.Grace);
        Assert.Equal(TimeSpan.Zero, time.RecentStep);
        Assert.Equal(StoreResult.Late, put.Admit(time.GetUtcNow(), time.RecentStep).FindRefusal(null, time.GetUtcNow()));
    }

    private IReadOnlyList<SiloAddress> Addresses => Cluster.Addresses;

    private string NameOf(SiloAddress silo) => Cluster.Cluster.Silos.Single(other => other.SiloAddress.Equals(silo)).Name;

    private ClusterTime TimeOf(SiloAddress silo) => Cluster.Service<ClusterTime>(silo);

    private async Task StartAsync(short silos, double ahead)
    {
        _ahead = ahead;
        _started = new ClusterFixture
        {
            Silos = silos,
            ClockOf = name => _clocks.GetOrAdd(name, _ => new SteppedClock(Cluster.Clock) { Ahead = TimeSpan.FromSeconds(_ahead) }),
        };
        await Cluster.InitializeAsync();
    }

    /// <summary>Rounds are held until all silos have the right time.</summary>
    private Task AgreeAsync() => Cluster.AdvanceUntilAsync(
        ClusterFollower.Interval,
        () => Task.FromResult(Addresses.All(silo => (TimeOf(silo).GetUtcNow() - Now).Duration() < Second)));

    /// <summary>An edge's puts, on a shard of a silo.</summary>
    private async Task PutOnAsync(SiloAddress silo, int first)
    {
        // Through the silo itself: the others may not know yet what a silo that has just joined can run.
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        var shard = Cluster.Service<IGrainFactory>(silo).GetGrain<IKeyShardGrain>(first);
        var puts = Samples.KeysOf(first, ClusterFixture.ShardBits).Take(20)
            .Select(key => new ShardPut(key, Samples.Text("value") with { StoredAt = Now, ExpiresAt = Now.AddHours(1) }))
            .ToList();

        Assert.All(await shard.PutAsync(puts), result => Assert.Equal(StoreResult.Stored, result));
        Assert.Equal(silo, await Cluster.FindSiloAsync(shard));
        Assert.All(await shard.GetAsync([.. puts.Select(put => put.Key)]), Assert.NotNull);
    }

    private async Task SetThroughAsync(SiloAddress silo, int number)
    {
        var dht = Cluster.Service<IGrainFactory>(silo).GetGrain<IDhtGrain>(GrainKeys.Singleton);
        for (var i = 0; i < 20; i++)
        {
            var set = await dht.SetAsync(NodeId.FromKey($"{number} {i}"), DhtValue.FromInteger(i), Token);
            Assert.Equal(StoreResult.Stored, set.Local);
        }
    }
}
