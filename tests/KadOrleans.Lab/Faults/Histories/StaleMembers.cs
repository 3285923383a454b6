namespace KadOrleans.Lab;

/// <summary>Which processes a fault befalls whose clients may read what is old, and for how long after its end, <c>toLearn</c>, they still may.</summary>
internal sealed class StaleMembers(TimeSpan toLearn)
{
    private readonly ConcurrentDictionary<string, (long Begin, long? End)> _faults = new();

    /// <summary>The time since such a fault began; zero once it is over and learned of.</summary>
    public TimeSpan Since(string member) =>
        _faults.TryGetValue(member, out var fault) && !IsOver(fault) ? Stopwatch.GetElapsedTime(fault.Begin) : TimeSpan.Zero;

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
                _faults[member] = (_faults[member].Begin, Stopwatch.GetTimestamp());
            }
        });

    // What it missed in one that ended a moment ago it may not know yet.
    private void Begin(string member) => _faults.AddOrUpdate(
        member,
        _ => (Stopwatch.GetTimestamp(), null),
        (_, before) => (IsOver(before) ? Stopwatch.GetTimestamp() : before.Begin, null));

    private bool IsOver((long Begin, long? End) fault) => fault.End is { } end && Stopwatch.GetElapsedTime(end) >= toLearn;
}
