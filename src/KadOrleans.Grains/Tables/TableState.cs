namespace KadOrleans.Grains;

[GenerateSerializer]
[Alias("kad.TableState")]
internal sealed class TableState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    /// <summary>The number of activations: the upper half of the table's versions.</summary>
    [Id(1)]
    public long Activations { get; set; }

    /// <summary>The newest lease that subscribed. Older ones stay fenced after a reactivation.</summary>
    [Id(2)]
    public long Epoch { get; set; }

    [Id(3)]
    public List<BucketState> Buckets { get; set; } = [];

    /// <summary>Contacts that were dropped as they did not answer, in the order they were lost. Builds that keep none drop the list when they write.</summary>
    [Id(4)]
    public List<ContactState> Former { get; set; } = [];
}

/// <summary>A bucket by its lowest id, in 40 hexadecimal digits, and its depth. Contacts are least recently seen first, replacements newest last.</summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.BucketState")]
internal sealed record BucketState(
    [property: Id(0)] string Prefix,
    [property: Id(1)] int Depth,
    [property: Id(2)] DateTimeOffset LastLookup,
    [property: Id(3)] List<ContactState> Contacts,
    [property: Id(4)] List<ContactState> Replacements);

// A contact: the id as 40 hexadecimal digits, the endpoint as in 1.2.3.4:80 or [::1]:80, and when it entered the table. That is
// null in states of builds that did not note it, which also drop it when they write.
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.ContactState")]
internal sealed record ContactState(
    [property: Id(0)] string Id,
    [property: Id(1)] string Endpoint,
    [property: Id(2)] DateTimeOffset LastSeen,
    [property: Id(3)] int Failures,
    [property: Id(4)] DateTimeOffset? FirstSeen);
