namespace KadOrleans.Grains;

// Decides which names are forgotten with their ids. Otherwise edges with generated names would make the state grow without end.
internal static class ForgottenNames
{
    // A name is forgotten this long after its last live edge. If it is too short, an edge that was off for long gets other ids when
    // it returns, and its contacts have to learn them.
    public static readonly TimeSpan Life = TimeSpan.FromDays(30);

    /// <summary>How often the time of a live edge is noted. One write of the state notes all.</summary>
    public static readonly TimeSpan RecordPeriod = TimeSpan.FromDays(1);

    public static bool IsRecordDue(EdgeState edge, DateTimeOffset now) => edge.LastSeen is not { } last || now - last >= RecordPeriod;

    /// <summary>The entries as they are to be written now: noted when edges were heard, names that are gone left out unless they are drained.</summary>
    public static Dictionary<string, EdgeState> Update(
        IReadOnlyDictionary<string, EdgeState> edges, Func<string, DateTimeOffset?> lastHeard, DateTimeOffset now)
    {
        return edges.Select(edge => KeyValuePair.Create(edge.Key, edge.Value with { LastSeen = SeenAt(edge.Key, edge.Value) }))
            .Where(edge => now - edge.Value.LastSeen < Life || edge.Value.IsDrained).ToDictionary();

        // A time in the future came from a wrong clock.
        DateTimeOffset SeenAt(string name, EdgeState edge) =>
            (lastHeard(name) ?? edge.LastSeen) is { } last && last <= now ? last : now;
    }
}
