namespace KadOrleans.Grains;

[GenerateSerializer]
[Alias("kad.EdgeDirectoryState")]
internal sealed class EdgeDirectoryState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public Dictionary<string, EdgeState> Edges { get; set; } = [];
}

// A name that edges have used. Epoch: of its newest lease. NodeIds: in the order of the edge's ports, each of 40 hexadecimal digits.
// Holder: the key of the observer that leased them; null if unknown. IsReleased: whether the lease was handed back. LastSeen: when an
// edge of this name was last live, to within ForgottenNames.RecordPeriod; null if it is unknown. IsDrained: whether an operator drained
// the name. Count: how many of the ids its newest lease has. IsLive: whether its lease was live when this was written.
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.EdgeState")]
internal sealed record EdgeState(
    [property: Id(0)] long Epoch,
    [property: Id(1)] List<string> NodeIds,
    [property: Id(2)] string? Holder = null,
    [property: Id(3)] bool IsReleased = false,
    [property: Id(4)] DateTimeOffset? LastSeen = null,
    [property: Id(5)] bool IsDrained = false,
    [property: Id(6)] int Count = 0,
    [property: Id(7)] bool IsLive = false)
{
    /// <summary>Whether an edge served the ids when this was written.</summary>
    public bool IsServing => IsLive && !IsReleased && Holder is not null;
}
