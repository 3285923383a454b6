namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>What a silo makes of the clocks that it hears, its own among them.</summary>
public sealed class ClusterClockTests
{
    private static readonly SiloAddress Own = Address(1);
    private static readonly SiloAddress Other = Address(2);

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

    [Fact]
    public async Task It_takes_stamps_of_the_time_that_the_others_still_have()
    {
        // The third silo makes the clock of the second the middle one. The other two have not chosen again yet: they go by the first.
        var behind = TimeSpan.FromMinutes(20);
        var first = Address(3);
        var haveFollowed = false;
        var (time, rounds) = Start(new SteppedClock(_time), silo => Task.FromResult(
            silo.Equals(first)
                ? new SiloClock(_time.GetUtcNow() - behind, haveFollowed ? behind : TimeSpan.Zero)
                : new SiloClock(_time.GetUtcNow(), haveFollowed ? TimeSpan.Zero : -behind)),
            first, Other);

        await rounds.AgreeAsync();
        Assert.Equal((TimeSpan.Zero, behind), (time.Correction, time.RecentStep));

        haveFollowed = true;
        _time.Advance(ClusterFollower.Interval);
        await rounds.AgreeAsync();
        Assert.Equal(behind, time.RecentStep);
        _time.Advance(ClusterTime.Grace - ClusterFollower.Interval);
        Assert.Equal(TimeSpan.Zero, time.RecentStep);
    }

    [Fact]
    public async Task It_has_no_vote_and_none_of_those_that_have_one_answers()
    {
        var others = Enumerable.Range(10, 40).Select(Address).ToArray();
        var (clock, isSilent, members) = (new SteppedClock(_time), true, others);
        var last = Address(1_000);
        var time = new ClusterTime(clock);
        var rounds = StartAt(last, time, clock, _ => isSilent ? throw new TimeoutException() : Answer(), () => [.. members, last]);
        await rounds.AgreeAsync();
        Assert.Equal(TimeSpan.Zero, time.Correction);

        clock.Ahead = TimeSpan.FromSeconds(60);
        isSilent = false;
        await rounds.AgreeAsync();
        Assert.Equal(-60, time.Correction.TotalSeconds, 1.0);

        // All of them are new ones, whom it has not heard yet: it keeps the time that it has.
        (members, isSilent) = ([.. Enumerable.Range(100, 40).Select(Address)], true);
        await rounds.AgreeAsync();
        Assert.Equal(-60, time.Correction.TotalSeconds, 1.0);
    }

    // The other one was there first, and has the right time.
    private Task<SiloClock> Answer() => Task.FromResult(new SiloClock(_time.GetUtcNow(), TimeSpan.Zero));

    private static (ClusterTime Time, ClusterClock Rounds) Start(SteppedClock clock, AskClock ask, params SiloAddress[] others)
    {
        var time = new ClusterTime(clock);
        return (time, StartAt(Own, time, clock, ask, () => others is [] ? [Own, Other] : [Own, .. others]));
    }

    private static ClusterClock StartAt(SiloAddress address, ClusterTime time, SteppedClock clock, AskClock ask, Func<SiloAddress[]> members)
    {
        var silos = Fake.Of<ISiloStatusOracle>((_, _) => members().ToDictionary(silo => silo, _ => SiloStatus.Active));
        var own = Fake.Of<ILocalSiloDetails>((_, _) => address);
        return new ClusterClock(time, ask, silos, own, clock, NullLogger<ClusterClock>.Instance);
    }

    private static SiloAddress Address(int port) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), 1);
}
