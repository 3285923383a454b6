namespace KadOrleans.Node;

/// <summary>Values that were found due at once. Without a watch they are part of no sweep.</summary>
internal sealed class RepublishBatch(Action ended, SweepWatch? watch)
{
    public static readonly RepublishBatch None = new(static () => { }, watch: null);

    private readonly SweepWatch? _watch = watch;

    // The values that are not sent yet, and one for whoever still adds values.
    private int _open = 1;
    private int _republished;
    private int _published;

    public bool IsOfSweep => _watch is not null;

    public int Republished => _republished;

    public int Published => _published;

    public void Begin() => Interlocked.Increment(ref _open);

    /// <summary>When they were found, by <see cref="SweepWatch.Now"/>.</summary>
    public TimeSpan FoundAt { get; } = watch?.Now ?? TimeSpan.Zero;

    /// <summary>How overdue any of them can have been then.</summary>
    public TimeSpan MostOverdue { get; init; }

    /// <summary>The bits that keys of one region shared then.</summary>
    public int Depth { get; init; }

    public TimeSpan Bound(TimeSpan overdue) => overdue < MostOverdue ? overdue : MostOverdue;

    public void CountRepublished()
    {
        Interlocked.Increment(ref _republished);
        _watch?.Count(isPublication: false);
    }

    public void CountPublished()
    {
        Interlocked.Increment(ref _published);
        _watch?.Count(isPublication: true);
    }

    public bool End()
    {
        if (Interlocked.Decrement(ref _open) > 0)
        {
            return false;
        }

        ended();
        return true;
    }
}
