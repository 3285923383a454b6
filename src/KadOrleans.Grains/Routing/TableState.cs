using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Routing;

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

    /// <summary>In the order of their ranges.</summary>
    [Id(3)]
    public List<BucketState> Buckets { get; set; } = [];
}

[GenerateSerializer]
[Alias("kad.BucketState")]
internal sealed class BucketState
{
    /// <summary>The lowest id, 40 hexadecimal digits.</summary>
    [Id(0)]
    public string Prefix { get; set; } = "";

    [Id(1)]
    public int Depth { get; set; }

    [Id(2)]
    public DateTimeOffset LastLookup { get; set; }

    /// <summary>Least recently seen first.</summary>
    [Id(3)]
    public List<ContactState> Contacts { get; set; } = [];

    /// <summary>Newest last.</summary>
    [Id(4)]
    public List<ContactState> Replacements { get; set; } = [];
}

[GenerateSerializer]
[Alias("kad.ContactState")]
internal sealed class ContactState
{
    /// <summary>40 hexadecimal digits.</summary>
    [Id(0)]
    public string Id { get; set; } = "";

    /// <summary>As in 1.2.3.4:80 or [::1]:80.</summary>
    [Id(1)]
    public string Endpoint { get; set; } = "";

    [Id(2)]
    public DateTimeOffset LastSeen { get; set; }

    [Id(3)]
    public int Failures { get; set; }

    /// <summary>When it entered the table. Null in states of builds that did not note it, which also drop it when they write.</summary>
    [Id(4)]
    public DateTimeOffset? FirstSeen { get; set; }
}

internal static class TableMapping
{
    public static List<BucketState> ToStored(RoutingTableState table) => [.. table.Buckets.Select(ToStored)];

    /// <exception cref="FormatException">An id or an endpoint is malformed.</exception>
    public static List<SavedBucket> ToCore(IEnumerable<BucketState> buckets) => [.. buckets.Select(ToCore)];

    private static BucketState ToStored(SavedBucket bucket) => new()
    {
        Prefix = bucket.Range.Prefix.ToString(),
        Depth = bucket.Range.Depth,
        LastLookup = bucket.LastLookup,
        Contacts = [.. bucket.Contacts.Select(ToStored)],
        Replacements = [.. bucket.Replacements.Select(ToStored)],
    };

    private static ContactState ToStored(SavedContact saved) => new()
    {
        Id = saved.Contact.Id.ToString(),
        Endpoint = saved.Contact.Endpoint.ToString(),
        LastSeen = saved.LastSeen,
        Failures = saved.Failures,
        FirstSeen = saved.FirstSeen,
    };

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
