using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Orleans collects idle activations by a clock that nobody sets.</summary>
public sealed class CollectorClockTests
{
    [Fact]
    public void A_steady_time_takes_no_notice_of_the_wall_clock()
    {
        var (time, now) = (new ManualTimeProvider(), ManualTimeProvider.Epoch);
        var clock = new SteppedClock(time);
        var steady = new SteadyTime(clock);

        clock.Ahead = TimeSpan.FromDays(8);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(now + TimeSpan.FromHours(1), steady.GetUtcNow());
        clock.Ahead = -TimeSpan.FromDays(8);
        Assert.Equal(now + TimeSpan.FromHours(1), steady.GetUtcNow());
    }

    /// <summary>By the wall clock it activates none, which is why it gets another one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Grains_are_activated_after_the_clock_was_ahead_by_days(bool isSteady)
    {
        var time = new ManualTimeProvider();
        var clock = new SteppedClock(time);
        await using var cluster = new ClusterFixture
        {
            Silos = 1,
            RemoveServices = services =>
            {
                // That the grains add, which is of the system's clock.
                var added = services.Last(one => Equals(one.ServiceKey, TimeProviderNames.ActivationManagement));
                Assert.IsType<SteadyTime>(added.KeyedImplementationInstance);
                services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.ActivationManagement, isSteady ? new SteadyTime(clock) : clock);

                // Its timer is the system's.
                services.Configure<GrainCollectionOptions>(options =>
                    (options.CollectionQuantum, options.CollectionAge) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)));
            },
        };
        await cluster.InitializeAsync();
        var (idle, management) = (cluster.Client.GetGrain<IClusterGrain>(255), cluster.Client.GetGrain<IManagementGrain>(0));
        await idle.GetAsync();
        clock.Ahead = TimeSpan.FromDays(8);
        await Eventually.ReadAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return await management.GetActivationAddress(idle);
            },
            address => address is null);

        clock.Ahead = TimeSpan.Zero;
        var failure = await Record.ExceptionAsync(async () => await cluster.Client.GetGrain<IClusterGrain>(1).GetAsync());
        Assert.Equal(isSteady, failure is null);
    }
}
