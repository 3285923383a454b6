namespace KadOrleans.Lab;

/// <summary>Which processes are frozen, and for how long a thawed one may not know what it missed.</summary>
internal sealed class FreezeLog
{
    // A silo learns that it was declared dead within 15 s after it reaches the database.
    private static readonly TimeSpan ToLearn = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, (long Begin, long? End)> _freezes = new();

    public void Begin(string member) => _freezes[member] = (Stopwatch.GetTimestamp(), null);

    public void End(string member) => _freezes[member] = (_freezes[member].Begin, Stopwatch.GetTimestamp());

    /// <summary>The time since a freeze began that a process may still not know of; else zero.</summary>
    public TimeSpan Since(string member) =>
        _freezes.TryGetValue(member, out var freeze) && (freeze.End is not { } end || Stopwatch.GetElapsedTime(end) < ToLearn)
            ? Stopwatch.GetElapsedTime(freeze.Begin)
            : TimeSpan.Zero;
}
