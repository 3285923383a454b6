namespace KadOrleans.Lab;

/// <summary>Sets values by random nodes, and looks whether they live as long as they should and no longer.</summary>
internal sealed class ValueTrial(SimulatedWorld world, Population population, TimeSpan timeToLive)
{
    private readonly Dictionary<NodeId, TrialValue> _byKey = [];
    private readonly List<TrialValue> _set = [];
    private readonly List<double> _holders = [];
    private readonly List<TimeSpan> _ends = [];
    private readonly List<TimeSpan> _livingEnds = [];
    private int _looks;
    private int _misses;

    private DateTimeOffset Now => world.Clock.GetUtcNow();

    /// <summary>A publisher's STORE went out. It is seen on the wire, as a publisher may leave before it notes that itself.</summary>
    public void OnPublication(NodeId key)
    {
        if (_byKey.TryGetValue(key, out var value))
        {
            value.PublishedAt = Now;
        }
    }

    public async Task SetAsync()
    {
        var value = new TrialValue(NodeId.Random(world.Random), DhtValue.FromInteger(_byKey.Count)) { PublishedAt = Now };
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

    public ValueFate Summarize(long republished) => new(
        Set: _set.Count,
        Looks: _looks,
        Misses: _misses,
        Lost: _set.Count(value => value.WasLost),
        Holders: Distribution.Of(_holders),
        FewestHolders: (int)_holders.DefaultIfEmpty().Min(),
        Ended: _set.Count(value => value.HasEnded),
        Outlived: _set.Count(value => value.HasOutlived),
        EarliestEnd: _livingEnds.DefaultIfEmpty().Min(),
        LatestEnd: _ends.DefaultIfEmpty().Max(),
        Republished: republished);

    private async Task LookAsync(TrialValue value)
    {
        var begunAt = Now;
        var isFound = await IsFoundAsync(value);
        var (holders, lastEnd) = await SurveyHoldersAsync(value);
        var end = value.PublishedAt + timeToLive;
        _looks++;
        var isAlive = Now < end - ValueFate.Tolerance;
        if (holders > 0)
        {
            _ends.Add(lastEnd - end);
            _livingEnds.AddRange(isAlive ? [lastEnd - end] : []);
        }

        if (isAlive)
        {
            _holders.Add(holders);
            _misses += isFound ? 0 : 1;
            value.WasLost |= holders == 0;
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
}

internal sealed class TrialValue(NodeId key, DhtValue value)
{
    public NodeId Key => key;

    public DhtValue Value => value;

    public required DateTimeOffset PublishedAt { get; set; }

    public bool WasLost { get; set; }

    public bool HasEnded { get; set; }

    public bool HasOutlived { get; set; }

    /// <summary>Whether its life is over and no node holds it: it is not looked at again.</summary>
    public bool IsGone { get; set; }
}

/// <summary>
/// What became of the values of a simulation. A value's life ends its time to live after its publisher's last STORE of it went
/// out. What happens within <see cref="Tolerance"/> of that end counts neither for the value nor against it.
/// </summary>
/// <remarks>
/// A look has a random node look a value up, leaving no copy behind, and counts its holders. A miss is a look at a living value
/// that did not find it. Outlived are those that a node still held or found when their life was over. Ends say by how much the
/// last copy was to outlast the life: of living values the least, of all the most.
/// </remarks>
public sealed record ValueFate(
    int Set,
    int Looks,
    int Misses,
    int Lost,
    Distribution Holders,
    int FewestHolders,
    int Ended,
    int Outlived,
    TimeSpan EarliestEnd,
    TimeSpan LatestEnd,
    long Republished)
{
    /// <summary>
    /// Each republication takes a copy's life down to whole seconds and adds the delay of a datagram: copies end together,
    /// but not to the second.
    /// </summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);
}
