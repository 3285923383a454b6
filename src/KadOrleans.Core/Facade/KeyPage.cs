using System.Text;

namespace KadOrleans;

/// <summary>Some keys in ascending order.</summary>
/// <param name="Keys">The keys.</param>
/// <param name="Next">Where the next page begins; null after the last one.</param>
public sealed record KeyPage(IReadOnlyList<KeySummary> Keys, NodeId? Next)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>A held key without its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Kind">The value's type.</param>
/// <param name="Length">The value's content in bytes.</param>
/// <param name="StoredAt">When the last STORE of it arrived, also of one that sends the same value again.</param>
/// <param name="ExpiresAt">The end of its life.</param>
/// <param name="Source">The network that it is counted against.</param>
public sealed record KeySummary(
    NodeId Key, DhtValueKind Kind, int Length, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt, SourceNetwork Source)
{
    /// <summary>
    /// When the value was set, as its <see cref="ValueVersion"/> says: what sends the same value again does not change it. Of what others sent, when
    /// it came to be held here first. Null if it has no version yet.
    /// </summary>
    public DateTimeOffset? SetAt { get; init; }

    internal static KeySummary Of(NodeId key, StoredValue held) =>
        new(key, held.Value.Kind, held.Value.ContentLength, held.StoredAt, held.ExpiresAt, held.Source) { SetAt = VersionClock.FindTime(held.Version) };
}
