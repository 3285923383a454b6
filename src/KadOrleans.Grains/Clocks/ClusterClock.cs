using KadOrleans.Core.Clocks;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Clocks;

/// <summary>
/// Agrees with the other silos on the cluster's time, before this silo has grains and with each report of <see cref="StateVersionService"/>.
/// Each silo asks all others and chooses by <see cref="AgreedClock"/>.
/// </summary>
internal sealed class ClusterClock(
    ClusterTime time,
    AskClock ask,
    ISiloStatusOracle silos,
    ILocalSiloDetails own,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider clock,
    ILogger<ClusterClock> logger)
{
    /// <summary>The silos that vote: those with the lowest addresses. More would not make the middle any better.</summary>
    private const int MaxVotes = 31;

    // Used by one round at a time. One entry for each silo that votes. One that does not answer keeps its vote while it is a member.
    private readonly Dictionary<SiloAddress, ClockVote> _votes = [];

    // Null before the first round.
    private volatile Round? _last;

    /// <summary>
    /// What this silo adds to its clock to get the time agreed on; null before the first round. That time went on with what was measured since
    /// then. So a clock that was set meanwhile does not take it along.
    /// </summary>
    public TimeSpan? Agreed => _last is { } last ? last.Time + clock.GetElapsedTime(last.At) - clock.GetUtcNow() : null;

    /// <summary>Asks the other silos, and follows the clock that they choose. Never fails. Not to be called twice at a time.</summary>
    public async Task AgreeAsync()
    {
        SiloAddress[] voters = [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Append(own.SiloAddress).Distinct().Order().Take(MaxVotes)];
        var heard = await Task.WhenAll(voters.Where(silo => !silo.Equals(own.SiloAddress)).Select(HearAsync));
        foreach (var gone in _votes.Keys.Except(voters).ToList())
        {
            _votes.Remove(gone);
        }

        foreach (var (silo, vote) in heard)
        {
            if (vote is { } spoken)
            {
                _votes[silo] = spoken;
            }
        }

        // Last, so that it is of now.
        _votes[own.SiloAddress] = new ClockVote(default, Agreed);
        var step = time.Follow(AgreedClock.Choose([.. voters.Where(_votes.ContainsKey).Select(silo => _votes[silo])]));
        if (step != TimeSpan.Zero)
        {
            logger.ClusterTimeMoved(Math.Round(step.TotalSeconds, 1), Math.Round(time.Correction.TotalSeconds, 1));
        }

        _last = new Round(time.GetUtcNow(), clock.GetTimestamp());
    }

    private async Task<(SiloAddress Silo, ClockVote? Vote)> HearAsync(SiloAddress silo)
    {
        try
        {
            var (asked, start) = (clock.GetUtcNow(), clock.GetTimestamp());
            var theirs = await ask(silo);
            var comparison = ClockComparison.Of(asked, clock.GetElapsedTime(start), theirs.UtcNow);
            return (silo, new ClockVote(comparison, comparison.Difference + theirs.Correction));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Silos of earlier releases have no such service.
            logger.SiloClockNotRead(silo, e.Message);
            return (silo, null);
        }
    }

    private sealed record Round(DateTimeOffset Time, long At);
}
