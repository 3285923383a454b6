using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Simulation.Experiments;

/// <summary>Sets values by random nodes, and looks whether they live as long as they should and no longer.</summary>
internal sealed class ValueTrial(SimulatedWorld world, Population population, TimeSpan timeToLive)
{
    private readonly Dictionary<NodeId, TrialValue> _byKey = [];
    private readonly List<TrialValue> _set = [];
    private readonly List<double> _holders = [];
    private int _looks;
    private int _misses;
    private TimeSpan? _earliestEnd;
    private TimeSpan? _latestEnd;

    private DateTimeOffset Now => world.Clock.GetUtcNow();

    /// <summary>A publisher's STORE went out. The wire is asked, as a publisher may leave before it has noted that itself.</summary>
    public void OnPublication(NodeId key)
    {
        if (_byKey.TryGetValue(key, out var value))
        {
            value.PublishedAt = Now;
        }
    }

    /// <summary>Sets one value.</summary>
    public async Task SetAsync()
    {
        var value = new TrialValue(NodeId.Random(world.Random), DhtValue.FromInteger(_byKey.Count), Now);
        _byKey.Add(value.Key, value);
        var publisher = population.PickLive();
        try
        {
            if ((await publisher.SetAsync(value.Key, value.Value)).Succeeded)
            {
                _set.Add(value);
            }
        }
        catch (Exception) when (publisher.Place < 0)
        {
            // It left meanwhile, and nobody was told that the value is set.
        }
    }

    /// <summary>Looks at all values, one after another.</summary>
    public async Task LookAsync()
    {
        foreach (var value in _set.Where(value => !value.IsGone).ToList())
        {
            await LookAsync(value);
        }
    }

    public ValueFate Summarize(long republished) => new()
    {
        Set = _set.Count,
        Looks = _looks,
        Misses = _misses,
        Lost = _set.Count(value => value.WasLost),
        Holders = Distribution.Of(_holders),
        FewestHolders = (int)_holders.DefaultIfEmpty().Min(),
        Ended = _set.Count(value => value.HasEnded),
        Outlived = _set.Count(value => value.HasOutlived),
        EarliestEnd = _earliestEnd ?? TimeSpan.Zero,
        LatestEnd = _latestEnd ?? TimeSpan.Zero,
        Republished = republished,
    };

    private async Task LookAsync(TrialValue value)
    {
        var begunAt = Now;
        var isFound = await IsFoundAsync(value);
        var (holders, lastEnd) = await SurveyHoldersAsync(value);
        var end = value.PublishedAt + timeToLive;
        _looks++;
        if (holders > 0)
        {
            _latestEnd = Later(_latestEnd, lastEnd - end);
        }

        if (Now < end - ValueFate.Tolerance)
        {
            _holders.Add(holders);
            _misses += isFound ? 0 : 1;
            value.WasLost |= holders == 0;
            _earliestEnd = holders > 0 ? Earlier(_earliestEnd, lastEnd - end) : _earliestEnd;
        }
        else if (begunAt >= end + ValueFate.Tolerance)
        {
            value.HasEnded = true;
            value.HasOutlived |= isFound || holders > 0;
            value.IsGone = holders == 0;
        }
    }

    /// <summary>Whether a random node finds the value. Unlike a get this leaves no copy that would keep the value alive.</summary>
    private async Task<bool> IsFoundAsync(TrialValue value)
    {
        while (true)
        {
            var asker = population.PickLive();
            var held = await asker.GetHeldAsync(value.Key, Now);
            var found = held?.Value ?? (await asker.Engine!.Lookups.AskAllHoldersAsync(value.Key, CancellationToken.None)).Value;

            // A node that leaves meanwhile has not looked.
            if (asker.Place >= 0)
            {
                return found == value.Value;
            }
        }
    }

    private async Task<(int Holders, DateTimeOffset LastEnd)> SurveyHoldersAsync(TrialValue value)
    {
        var holders = 0;
        var lastEnd = DateTimeOffset.MinValue;
        foreach (var member in population.Live)
        {
            // In memory: it completes at once, and nobody comes or goes meanwhile.
            var held = await member.GetHeldAsync(value.Key, Now);
            if (held?.Value == value.Value)
            {
                holders++;
                lastEnd = held.ExpiresAt > lastEnd ? held.ExpiresAt : lastEnd;
            }
        }

        return (holders, lastEnd);
    }

    private static TimeSpan Earlier(TimeSpan? known, TimeSpan time) => known < time ? known.Value : time;

    private static TimeSpan Later(TimeSpan? known, TimeSpan time) => known > time ? known.Value : time;
}
