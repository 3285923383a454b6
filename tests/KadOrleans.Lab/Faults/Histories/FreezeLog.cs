namespace KadOrleans.Lab;

/// <summary>Which processes are frozen or cut off, and for how long afterwards, <c>toLearn</c>, one may not know what it missed.</summary>
internal sealed class FreezeLog(TimeSpan toLearn)
{
    private readonly ConcurrentDictionary<string, (long Begin, long? End)> _freezes = new();

    /// <summary>The time since a freeze began that a process may still not know of; else zero.</summary>
    public TimeSpan Since(string member) =>
        _freezes.TryGetValue(member, out var freeze) && !IsOver(freeze) ? Stopwatch.GetElapsedTime(freeze.Begin) : TimeSpan.Zero;

    /// <summary>A fault's begin and end, with a note that it befalls some processes.</summary>
    public FaultActions Of(IReadOnlyList<string> members, FaultActions actions) => new(
        () =>
        {
            foreach (var member in members)
            {
                Begin(member);
            }

            return actions.BeginAsync();
        },
        async () =>
        {
            await actions.EndAsync();
            foreach (var member in members)
            {
                _freezes[member] = (_freezes[member].Begin, Stopwatch.GetTimestamp());
            }
        });

    // What it missed in a freeze that ended a moment ago it may not know yet.
    private void Begin(string member) => _freezes.AddOrUpdate(
        member,
        _ => (Stopwatch.GetTimestamp(), null),
        (_, before) => (IsOver(before) ? Stopwatch.GetTimestamp() : before.Begin, null));

    private bool IsOver((long Begin, long? End) freeze) => freeze.End is { } end && Stopwatch.GetElapsedTime(end) >= toLearn;
}
