using System.Text;

namespace KadOrleans;

/// <summary>A routing table.</summary>
/// <param name="Id">The node id whose table it is.</param>
/// <param name="Buckets">The buckets in the order of their ranges.</param>
public sealed record TableDetails(NodeId Id, IReadOnlyList<TableBucket> Buckets)
{
    /// <summary>Contacts that it dropped as they did not answer, in the order they were lost.</summary>
    public IReadOnlyList<KnownContact> Former { get; init; } = [];

    internal static TableDetails Of(NodeId id, IEnumerable<BucketSummary> buckets, IReadOnlyList<Contact> contacts) => new(
        id,
        [.. buckets.Select(bucket => new TableBucket(
            bucket, [.. contacts.Where(contact => bucket.Range.Contains(contact.Id))]))]);

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>A bucket with its contacts.</summary>
/// <param name="Summary">Its range, its replacements and its last lookup.</param>
/// <param name="Contacts">The contacts by ascending id. A contact that came or went meanwhile may be missing.</param>
public sealed record TableBucket(BucketSummary Summary, IReadOnlyList<Contact> Contacts)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}
