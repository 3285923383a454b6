namespace KadOrleans.Grains;

// Agrees with the other silos on the cluster's time, before this silo has grains and with each report of ClusterFollower.
// Each silo asks all others and chooses by AgreedClock.
internal sealed class ClusterClock(
    ClusterTime time,
    AskClock ask,
    ISiloStatusOracle silos,
    ILocalSiloDetails own,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider clock,
    ILogger<ClusterClock> logger)
{
    /// <summary>The silos that vote: those with the lowest addresses. More votes would not improve the median.</summary>
    private const int MaxVotes = 31;

    // Used by one round at a time. One entry for each silo that votes. One that does not answer keeps its vote while it is a member.
    // All are differences from _steady, which does not change when the clock is set.
    private Dictionary<SiloAddress, ClockVote> _votes = [];
    private readonly MeasuredTime _steady = new(clock.GetUtcNow(), clock.GetTimestamp());

    // Null before the first round.
    private volatile MeasuredTime? _agreed;

    // What this silo adds to its clock to get the time agreed on; null before the first round. A monotonic clock carries that time
    // on, so setting this silo's clock does not move it.
    public TimeSpan? Agreed => _agreed?.When(clock.GetTimestamp(), clock) - clock.GetUtcNow();

    /// <summary>Asks the other silos, and follows the clock that they choose. Never fails. Not to be called twice at a time.</summary>
    public async Task AgreeAsync()
    {
        SiloAddress[] voters = [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Append(own.SiloAddress).Distinct().Order().Take(MaxVotes)];
        var heard = await Task.WhenAll(voters.Where(silo => !silo.Equals(own.SiloAddress)).Select(HearAsync));
        _votes = heard.Where(one => one.Vote is not null || _votes.ContainsKey(one.Silo))
            .ToDictionary(one => one.Silo, one => one.Vote ?? _votes[one.Silo]);

        // Read after the calls, to be current, and once, as the clock may be set at any moment.
        var (now, at) = (clock.GetUtcNow(), clock.GetTimestamp());
        var steady = _steady.When(at, clock);
        var ahead = now - steady;
        _votes[own.SiloAddress] = new ClockVote(new ClockComparison(ahead, TimeSpan.Zero), _agreed?.When(at, clock) - steady);
        ClockVote[] votes = [.. voters.Where(_votes.ContainsKey).Select(silo => _votes[silo])];
        if (votes is [] && _agreed is not null)
        {
            // This silo is no voter, and none has answered yet: it keeps the time that it has.
            return;
        }

        var chosen = AgreedClock.Choose(votes is [] ? [_votes[own.SiloAddress]] : votes);
        var step = time.Apply(chosen with { Difference = chosen.Difference - ahead });
        if (step != TimeSpan.Zero)
        {
            logger.ClusterTimeMoved(Math.Round(step.TotalSeconds, 1), Math.Round(time.Correction.TotalSeconds, 1));
        }

        _agreed = new MeasuredTime(now + time.Correction, at);
        RecordSilosBehind(chosen.Difference, heard.Select(silo => silo.Vote));
    }

    // Others that have not chosen this time yet stamp by the one before, also when this silo has just started and made no step itself.
    private void RecordSilosBehind(TimeSpan chosen, IEnumerable<ClockVote?> heard)
    {
        var behind = heard.Max(vote => chosen - vote?.Agreed) ?? TimeSpan.Zero;
        if (behind > ClockComparison.Bound)
        {
            time.RecordBehind(behind);
        }
    }

    private async Task<(SiloAddress Silo, ClockVote? Vote)> HearAsync(SiloAddress silo)
    {
        try
        {
            var start = clock.GetTimestamp();
            var theirs = await ask(silo);
            var comparison = ClockComparison.Of(_steady.When(start, clock), clock.GetElapsedTime(start), theirs.UtcNow);
            return (silo, new ClockVote(comparison, comparison.Difference + theirs.Correction));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            logger.SiloClockNotRead(silo, e.Message);
            return (silo, null);
        }
    }

    private sealed record MeasuredTime(DateTimeOffset Start, long At)
    {
        public DateTimeOffset When(long timestamp, TimeProvider clock) => Start + clock.GetElapsedTime(At, timestamp);
    }
}
