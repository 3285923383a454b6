namespace KadOrleans.Grains;

[GenerateSerializer]
[Alias("kad.EdgeDirectoryState")]
internal sealed class EdgeDirectoryState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public Dictionary<string, EdgeState> Edges { get; set; } = [];
}

/// <summary>A name that edges have used.</summary>
/// <param name="Epoch">Of the newest lease.</param>
/// <param name="NodeIds">40 hexadecimal digits each, in the order of the edge's ports.</param>
/// <param name="Holder">The key of the observer that leased them. Null if unknown. Since schema 4.</param>
/// <param name="IsReleased">Whether the lease of this epoch was handed back. Since schema 4.</param>
/// <param name="LastSeen">
/// When an edge of this name was known to live, to <see cref="ForgottenNames.NotePeriod"/>. Null in states of builds that did not note it,
/// which also drop it when they write.
/// </param>
/// <param name="IsDrained">Whether an operator drained it: it gets no lease. Earlier builds do not know it, and drop it when they write.</param>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.EdgeState")]
internal sealed record EdgeState(
    [property: Id(0)] long Epoch,
    [property: Id(1)] List<string> NodeIds,
    [property: Id(2)] string? Holder = null,
    [property: Id(3)] bool IsReleased = false,
    [property: Id(4)] DateTimeOffset? LastSeen = null,
    [property: Id(5)] bool IsDrained = false);

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

    public static bool IsNoteDue(EdgeState edge, DateTimeOffset now) => edge.LastSeen is not { } last || now - last >= NotePeriod;

    /// <summary>The entries as they are to be written now: live edges noted, names that are gone left out unless they are drained.</summary>
    public static Dictionary<string, EdgeState> Update(
        IReadOnlyDictionary<string, EdgeState> edges, Func<string, bool> isLive, DateTimeOffset now)
    {
        var kept = new Dictionary<string, EdgeState>();
        foreach (var (name, edge) in edges)
        {
            // A time of the future is of a clock that was wrong.
            var seen = isLive(name) || edge.LastSeen is not { } last || last > now ? now : last;
            if (now - seen < Life || edge.IsDrained)
            {
                kept.Add(name, edge with { LastSeen = seen });
            }
        }

        return kept;
    }
}
