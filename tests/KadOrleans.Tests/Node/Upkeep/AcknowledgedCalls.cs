namespace KadOrleans.Tests.Node;

/// <summary>What a client asks for; a value is for one call alone.</summary>
internal enum ClientCall
{
    Set,
    SetDurably,
    SetForLife,

    /// <summary>Sets the value that is held first, for a shorter life than it has.</summary>
    Shorten,
    Unpublish,
    Delete,
}

/// <summary>
/// The calls of a run, with the order in which they began and were acknowledged. What a key is in the end must be what some order of them
/// leaves that has every call after those which were acknowledged before it began. Upkeep has no effect in any order, but that it may end
/// a publication that the network replaced.
/// </summary>
internal sealed class AcknowledgedCalls(IReadOnlyList<string?> held, string? published)
{
    private readonly List<Entry> _calls = [];
    private int _clock;

    /// <summary>The value that upkeep may take over in the place of the first publication.</summary>
    public string? Later { get; init; }

    /// <summary>Whether a durable set is held at once. A node holds it when it is sent.</summary>
    public bool HoldsDurable { get; init; }

    public Entry Begin(ClientCall call, string value)
    {
        var entry = new Entry(call, value, ++_clock);
        _calls.Add(entry);
        return entry;
    }

    /// <summary>Acknowledges a call.</summary>
    /// <param name="entry">The call.</param>
    /// <param name="took">Whether it was done: a set with a life may be refused, and there may be nothing to unpublish.</param>
    public void End(Entry entry, bool took) => (entry.EndedAt, entry.Took) = (++_clock, took);

    /// <summary>Whether some order explains what is held, published and at the other holder.</summary>
    public bool Explains(string? nowHeld, string? nowPublished, string? elsewhere)
    {
        // A delete ends the publication first and then removes the value. Between the two others see the one and not the other.
        var steps = _calls.SelectMany(call => call.Call == ClientCall.Delete ? [call, call.FirstStep] : new[] { call }).ToList();
        return Search(new State(held, published, IsTakenOver: Later is null, MustBeElsewhere: null), steps, end =>
            end.Published == nowPublished
            && (nowPublished is null ? end.Held.Contains(nowHeld) : IsPublished(nowHeld) && IsPublished(elsewhere))
            && (nowPublished is not null || end.MustBeElsewhere is null || nowHeld != end.MustBeElsewhere || elsewhere == nowHeld));

        // A published value may have been set for a shorter life, which the next publication ends.
        bool IsPublished(string? value) => value == nowPublished || _calls.Exists(call => call.Call == ClientCall.Shorten && call.Value == value);
    }

    public override string ToString() => string.Join(
        ", ", _calls.Select(call => $"{call.Call} {call.Value} [{call.BeganAt}, {call.EndedAt}]{(call.Took ? string.Empty : " without effect")}"));

    private bool Search(State state, List<Entry> left, Func<State, bool> isSeen)
    {
        if (left.Count == 0 && isSeen(state))
        {
            return true;
        }

        if (!state.IsTakenOver && state.Published == published && Search(TakeOver(state), left, isSeen))
        {
            return true;
        }

        return left.Exists(next =>
            !left.Exists(other => other.EndedAt < next.BeganAt)
            && !left.Contains(next.FirstStep)
            && Apply(state, next) is { } after
            && Search(after, [.. left.Where(other => other != next)], isSeen));
    }

    private State TakeOver(State state) => state with
    {
        Published = null,
        IsTakenOver = true,
        Held = [.. state.Held.Select(value => held.Contains(value) ? Later : value), .. state.Held],
    };

    // Null: the call cannot have had its result at this place.
    private State? Apply(State state, Entry call) => call switch
    {
        { Call: ClientCall.Set } => state with { Held = [call.Value], Published = call.Value, MustBeElsewhere = null },
        { Call: ClientCall.SetDurably } => state with
        {
            Held = HoldsDurable ? [call.Value] : [call.Value, .. state.Held],
            Published = call.Value,
            MustBeElsewhere = null,
        },
        { Call: ClientCall.SetForLife or ClientCall.Shorten, Took: false } => state,
        { Call: ClientCall.SetForLife } when state.Published is null => state with { Held = [call.Value], MustBeElsewhere = call.Value },
        { Call: ClientCall.Shorten } when state.Published is null => state with { Held = [call.Value], MustBeElsewhere = null },
        { Call: ClientCall.SetForLife } => null,
        { Call: ClientCall.Shorten } => state.Published == published ? state with { Held = [call.Value, .. state.Held] } : null,
        { IsFirstStep: true } => state with { Published = null },
        { Call: ClientCall.Unpublish } => call.Took == state.Published is not null ? state with { Published = null } : null,
        { Call: ClientCall.Delete } => state with { Held = [null], Published = null, MustBeElsewhere = null },
        _ => throw new ArgumentOutOfRangeException(nameof(call), call.Call, "Unknown call."),
    };

    internal sealed class Entry(ClientCall call, string value, int beganAt)
    {
        public ClientCall Call => call;

        public string Value => value;

        public int BeganAt => beganAt;

        public int EndedAt { get; set; } = int.MaxValue;

        public bool Took { get; set; }

        public bool IsFirstStep { get; private init; }

        /// <summary>The end of the publication by a delete, at some moment of the call.</summary>
        public Entry FirstStep => field ??= new Entry(Call, Value, BeganAt) { EndedAt = EndedAt, IsFirstStep = true };
    }

    private sealed record State(IReadOnlyList<string?> Held, string? Published, bool IsTakenOver, string? MustBeElsewhere);
}
