namespace KadOrleans.Grains;

internal static class TableMapping
{
    public static List<BucketState> ToStored(RoutingTableState table) => [.. table.Buckets.Select(ToStored)];

    public static List<ContactState> ToStored(IEnumerable<SavedContact> contacts) => [.. contacts.Select(ToStored)];

    /// <exception cref="FormatException">An id or an endpoint is malformed.</exception>
    public static List<SavedContact> ToCore(IEnumerable<ContactState>? contacts) => [.. (contacts ?? []).Select(ToCore)];

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
