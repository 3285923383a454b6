namespace KadOrleans;

/// <summary>Some keys in ascending order.</summary>
/// <param name="Keys">The keys.</param>
/// <param name="Next">Where the next page begins; null after the last one.</param>
public sealed record KeyPage(IReadOnlyList<KeySummary> Keys, NodeId? Next);

/// <summary>A held key without its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Kind">The value's type.</param>
/// <param name="Length">The value's content in bytes.</param>
/// <param name="StoredAt">When the last STORE of it arrived.</param>
/// <param name="ExpiresAt">The end of its life.</param>
/// <param name="Source">The network that it is counted against.</param>
public sealed record KeySummary(
    NodeId Key, DhtValueKind Kind, int Length, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt, SourceNetwork Source)
{
    internal static KeySummary Of(NodeId key, StoredValue held) =>
        new(key, held.Value.Kind, held.Value.ContentLength, held.StoredAt, held.ExpiresAt, held.Source);
}

/// <summary>A key in full.</summary>
/// <param name="Key">The key.</param>
/// <param name="Held">The live value held here; null if there is none.</param>
/// <param name="PublishedAt">When this DHT published the key last; null if it does not.</param>
/// <param name="Nearest">The k nearest nodes of the network, nearest first. Empty if nobody could be asked.</param>
/// <param name="NetworkProblem">Why the network could not be asked, in one sentence; null if it was.</param>
public sealed record KeyDetails(
    NodeId Key, StoredValue? Held, DateTimeOffset? PublishedAt, IReadOnlyList<KeyHolder> Nearest, string? NetworkProblem = null);

/// <summary>What one of the nearest nodes holds of a key.</summary>
/// <param name="Contact">The node.</param>
/// <param name="Answered">Whether it responded.</param>
/// <param name="Value">Its value; null if it has none or did not respond.</param>
public sealed record KeyHolder(Contact Contact, bool Answered, DhtValue? Value);

/// <summary>The result of a deletion.</summary>
/// <param name="WasHeld">Whether a value was held here. An expired one counts.</param>
/// <param name="WasPublished">Whether this DHT published the key.</param>
public sealed record KeyDeletion(bool WasHeld, bool WasPublished);
