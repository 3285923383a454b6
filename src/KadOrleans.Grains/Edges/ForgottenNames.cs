namespace KadOrleans.Grains.Edges;

/// <summary>
/// Decides which names of edges are forgotten, and with them their ids. Without that, edges with generated names would make the
/// directory's state grow for ever.
/// </summary>
internal static class ForgottenNames
{
    /// <summary>
    /// A name is forgotten this long after an edge of that name lived last. If it is too short, an edge that was off for long comes back
    /// with other ids, and its contacts have to learn them.
    /// </summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(30);

    /// <summary>How often the time of a live edge is noted. One write of the state notes all.</summary>
    public static readonly TimeSpan NotePeriod = TimeSpan.FromDays(1);

    /// <summary>Whether the time of an edge that is heard now is to be noted.</summary>
    public static bool IsNoteDue(EdgeState edge, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(edge);
        return edge.LastSeen is not { } last || now - last >= NotePeriod;
    }

    /// <summary>The entries as they are to be written now: live edges noted, names that are gone left out unless they are drained.</summary>
    public static Dictionary<string, EdgeState> Update(
        IReadOnlyDictionary<string, EdgeState> edges, Func<string, bool> isLive, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(edges);
        ArgumentNullException.ThrowIfNull(isLive);
        var kept = new Dictionary<string, EdgeState>();
        foreach (var (name, edge) in edges)
        {
            // A time of the future is of a clock that was wrong.
            var seen = isLive(name) || edge.LastSeen is not { } last || last > now ? now : last;
            if (now - seen < Life || edge.IsDrained)
            {
                kept.Add(name, edge.At(seen));
            }
        }

        return kept;
    }
}
