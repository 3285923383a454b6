using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Grains.Routing;

/// <summary>Buckets between the core's form and the stored one.</summary>
internal static class TableMapping
{
    public static List<BucketState> ToStored(RoutingTableState table) => [.. table.Buckets.Select(ToStored)];

    /// <exception cref="FormatException">An id or an endpoint is none.</exception>
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
    };

    private static SavedBucket ToCore(BucketState bucket) => new(
        new BucketRange(NodeId.Parse(bucket.Prefix), bucket.Depth),
        bucket.LastLookup,
        [.. bucket.Contacts.Select(ToCore)],
        [.. bucket.Replacements.Select(ToCore)]);

    private static SavedContact ToCore(ContactState saved) => new(
        new Contact(NodeId.Parse(saved.Id), UdpEndpoint.Parse(saved.Endpoint)), saved.LastSeen, saved.Failures);
}
