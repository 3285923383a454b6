using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Edges;

/// <summary>The edges' ids, as stored.</summary>
[GenerateSerializer]
[Alias("kad.EdgeDirectoryState")]
internal sealed class EdgeDirectoryState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>By the edges' names.</summary>
    [Id(1)]
    public Dictionary<string, EdgeState> Edges { get; set; } = [];
}

/// <summary>One edge's ids.</summary>
[GenerateSerializer]
[Alias("kad.EdgeState")]
internal sealed class EdgeState
{
    /// <summary>Of the newest lease.</summary>
    [Id(0)]
    public long Epoch { get; set; }

    /// <summary>40 hexadecimal digits each, in the order of the edge's ports.</summary>
    [Id(1)]
    public List<string> NodeIds { get; set; } = [];

    /// <summary>The key of the observer that leased them. Null if unknown. Since schema 4.</summary>
    [Id(2)]
    public string? Holder { get; set; }

    /// <summary>Whether the lease of this epoch was handed back. Since schema 4.</summary>
    [Id(3)]
    public bool IsReleased { get; set; }

    /// <summary>
    /// When an edge of this name was known to live, to <see cref="ForgottenNames.NotePeriod"/>. Null in states of builds that did not note
    /// it, which also drop it when they write.
    /// </summary>
    [Id(4)]
    public DateTimeOffset? LastSeen { get; set; }

    /// <summary>Whether an operator drained it: it gets no lease. Earlier builds do not know it, and drop it when they write.</summary>
    [Id(5)]
    public bool IsDrained { get; set; }

    /// <summary>A copy that was seen at this time.</summary>
    public EdgeState At(DateTimeOffset seen) => new()
    {
        Epoch = Epoch,
        NodeIds = NodeIds,
        Holder = Holder,
        IsReleased = IsReleased,
        LastSeen = seen,
        IsDrained = IsDrained,
    };

    /// <summary>A copy whose lease has ended, drained or not, with these ids.</summary>
    public EdgeState Ended(bool isDrained, List<string> ids) => new()
    {
        Epoch = Epoch,
        NodeIds = ids,
        Holder = Holder,
        IsReleased = true,
        LastSeen = LastSeen,
        IsDrained = isDrained,
    };
}
