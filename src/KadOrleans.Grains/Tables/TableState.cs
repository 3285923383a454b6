namespace KadOrleans.Grains;

[GenerateSerializer]
[Alias("kad.TableState")]
internal sealed class TableState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>The number of activations: the upper half of the table's versions.</summary>
    [Id(1)]
    public long Activations { get; set; }

    /// <summary>The newest lease that subscribed. Older ones stay fenced after a reactivation.</summary>
    [Id(2)]
    public long Epoch { get; set; }

    [Id(3)]
    public List<BucketState> Buckets { get; set; } = [];
}

/// <summary>A bucket from its lowest id on, in 40 hexadecimal digits. Contacts are least recently seen first, replacements newest last.</summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.BucketState")]
internal sealed record BucketState(
    [property: Id(0)] string Prefix,
    [property: Id(1)] int Depth,
    [property: Id(2)] DateTimeOffset LastLookup,
    [property: Id(3)] List<ContactState> Contacts,
    [property: Id(4)] List<ContactState> Replacements);

/// <summary>
/// A contact: the id as 40 hexadecimal digits, the endpoint as in 1.2.3.4:80 or [::1]:80, and when it entered the table. That is null in
/// states of builds that did not note it, which also drop it when they write.
/// </summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.ContactState")]
internal sealed record ContactState(
    [property: Id(0)] string Id,
    [property: Id(1)] string Endpoint,
    [property: Id(2)] DateTimeOffset LastSeen,
    [property: Id(3)] int Failures,
    [property: Id(4)] DateTimeOffset? FirstSeen);

internal static class TableMapping
{
    public static List<BucketState> ToStored(RoutingTableState table) => [.. table.Buckets.Select(ToStored)];

    /// <exception cref="FormatException">An id or an endpoint is malformed.</exception>
    public static List<SavedBucket> ToCore(IEnumerable<BucketState> buckets) => [.. buckets.Select(ToCore)];

    private static BucketState ToStored(SavedBucket bucket) => new(
        bucket.Range.Prefix.ToString(),
        bucket.Range.Depth,
        bucket.LastLookup,
        [.. bucket.Contacts.Select(ToStored)],
        [.. bucket.Replacements.Select(ToStored)]);

    private static ContactState ToStored(SavedContact saved) => new(
        saved.Contact.Id.ToString(), saved.Contact.Endpoint.ToString(), saved.LastSeen, saved.Failures, saved.FirstSeen);

    private static SavedBucket ToCore(BucketState bucket) => new(
        new BucketRange(NodeId.Parse(bucket.Prefix), bucket.Depth),
        bucket.LastLookup,
        [.. bucket.Contacts.Select(ToCore)],
        [.. bucket.Replacements.Select(ToCore)]);

    private static SavedContact ToCore(ContactState saved) => new(
        new Contact(NodeId.Parse(saved.Id), UdpEndpoint.Parse(saved.Endpoint)), saved.LastSeen, saved.Failures)
    {
        FirstSeen = saved.FirstSeen,
    };
}
