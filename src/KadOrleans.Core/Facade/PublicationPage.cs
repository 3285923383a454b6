using System.Text;

namespace KadOrleans;

/// <summary>Some publications in ascending order.</summary>
/// <param name="Publications">The publications.</param>
/// <param name="Next">Where the next page begins; null after the last one.</param>
public sealed record PublicationPage(IReadOnlyList<PublicationSummary> Publications, NodeId? Next)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>A publication without its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Kind">The value's type.</param>
/// <param name="Length">The value's content in bytes.</param>
/// <param name="PublishedAt">When it was published last.</param>
public sealed record PublicationSummary(NodeId Key, DhtValueKind Kind, int Length, DateTimeOffset PublishedAt);
