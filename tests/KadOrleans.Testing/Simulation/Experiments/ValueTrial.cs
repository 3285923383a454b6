namespace KadOrleans.Testing;

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

/// <summary>One value of a <see cref="ValueTrial"/>.</summary>
internal sealed class TrialValue(NodeId key, DhtValue value, DateTimeOffset publishedAt)
{
    public NodeId Key { get; } = key;

    public DhtValue Value { get; } = value;

    public DateTimeOffset PublishedAt { get; set; } = publishedAt;

    public bool WasLost { get; set; }

    public bool HasEnded { get; set; }

    public bool HasOutlived { get; set; }

    /// <summary>Whether its life is over and no node holds it: it is not looked at again.</summary>
    public bool IsGone { get; set; }
}

/// <summary>
/// What became of the values of a simulation. A value's life ends its time to live after its publisher's last STORE of it
/// went out. What happens within <see cref="Tolerance"/> of that end counts neither for the value nor against it.
/// </summary>
public sealed record ValueFate
{
    /// <summary>
    /// Each republication takes a copy's life down to whole seconds and adds the delay of a datagram: copies end together,
    /// but not to the second.
    /// </summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    public required int Set { get; init; }

    /// <summary>Looks at one value each: a random node looks it up, leaving no copy behind, and its holders are counted.</summary>
    public required int Looks { get; init; }

    /// <summary>Looks at living values that did not find them.</summary>
    public required int Misses { get; init; }

    public required int Lost { get; init; }

    public required Distribution Holders { get; init; }

    /// <summary>The fewest of them at any look; 0 if there was none.</summary>
    public required int FewestHolders { get; init; }

    public required int Ended { get; init; }

    /// <summary>Those of them that a node still held or found when their life was over.</summary>
    public required int Outlived { get; init; }

    /// <summary>The least time by which the last copy of a living value was to outlast the value's life; negative where it was to end before.</summary>
    public required TimeSpan EarliestEnd { get; init; }

    /// <summary>The most time by which any copy was to outlast the value's life.</summary>
    public required TimeSpan LatestEnd { get; init; }

    /// <summary>Times that a holder sent a value out again to the k nearest.</summary>
    public required long Republished { get; init; }
}
