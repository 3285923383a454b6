using System.Net;
using KadOrleans.Grains.Clocks;
using KadOrleans.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Grains.Tests.Cluster;

/// <summary>A silo whose own clock is set goes on with the time of the other, at whatever moment that is.</summary>
public sealed class ClusterClockTests
{
    private static readonly SiloAddress Own = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 1);
    private static readonly SiloAddress Other = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 2), 1);

    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task The_other_does_not_answer_after_it_was_set(int seconds)
    {
        var (clock, isSilent) = (new SteppedClock(_time), false);
        var (time, rounds) = Start(clock, _ => isSilent ? throw new TimeoutException() : Answer());
        await rounds.AgreeAsync();

        clock.Ahead = TimeSpan.FromSeconds(seconds);
        isSilent = true;
        await rounds.AgreeAsync();
        Assert.Equal(_time.GetUtcNow(), time.GetUtcNow(), TimeSpan.FromSeconds(1));

        isSilent = false;
        await rounds.AgreeAsync();
        Assert.Equal(-seconds, time.Correction.TotalSeconds, 1.0);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task It_is_set_while_the_other_is_asked(int seconds)
    {
        var clock = new SteppedClock(_time);
        var (time, rounds) = Start(clock, _ =>
        {
            clock.Ahead = TimeSpan.FromSeconds(seconds);
            return Answer();
        });
        clock.Ahead = TimeSpan.Zero;
        await rounds.AgreeAsync();
        await rounds.AgreeAsync();

        Assert.Equal(_time.GetUtcNow(), time.GetUtcNow(), TimeSpan.FromSeconds(1));
    }

    // The other one was there first, and has the right time.
    private Task<SiloClock> Answer() => Task.FromResult(new SiloClock(_time.GetUtcNow(), TimeSpan.Zero));

    private static (ClusterTime Time, ClusterClock Rounds) Start(SteppedClock clock, AskClock ask)
    {
        var time = new ClusterTime(clock);
        return (time, new ClusterClock(time, ask, new TwoSilos(), new OwnSilo(), clock, NullLogger<ClusterClock>.Instance));
    }

    private sealed class OwnSilo : ILocalSiloDetails
    {
        public string Name => "own";

        public string ClusterId => "kad";

        public string DnsHostName => "localhost";

        public SiloAddress SiloAddress => Own;

        public SiloAddress GatewayAddress => Own;
    }

    private sealed class TwoSilos : ISiloStatusOracle
    {
        public SiloStatus CurrentStatus => SiloStatus.Active;

        public string SiloName => "own";

        public SiloAddress SiloAddress => Own;

        public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress) => SiloStatus.Active;

        public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) =>
            new() { [Own] = SiloStatus.Active, [Other] = SiloStatus.Active };

        public SiloAddress[] GetActiveSilos() => [Own, Other];

        public bool TryGetSiloName(SiloAddress siloAddress, out string siloName)
        {
            siloName = string.Empty;
            return false;
        }

        public bool IsFunctionalDirectory(SiloAddress siloAddress) => true;

        public bool IsDeadSilo(SiloAddress silo) => false;

        public bool SubscribeToSiloStatusEvents(ISiloStatusListener observer) => true;

        public bool UnSubscribeFromSiloStatusEvents(ISiloStatusListener observer) => true;
    }
}
