using System.Text;

namespace KadOrleans;

/// <summary>A key in full.</summary>
/// <param name="Key">The key.</param>
/// <param name="Held">The live value held here; null if there is none.</param>
/// <param name="PublishedAt">When this DHT published the key last; null if it does not.</param>
/// <param name="Nearest">The k nearest nodes of the network, nearest first. Empty if nobody could be asked.</param>
/// <param name="NetworkProblem">Why the network could not be asked, in one sentence; null if it was.</param>
public sealed record KeyDetails(
    NodeId Key, StoredValue? Held, DateTimeOffset? PublishedAt, IReadOnlyList<KeyHolder> Nearest, string? NetworkProblem = null)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>What one of the nearest nodes holds of a key.</summary>
/// <param name="Contact">The node.</param>
/// <param name="Answered">Whether it responded.</param>
/// <param name="Value">Its value; null if it has none or did not respond.</param>
public sealed record KeyHolder(Contact Contact, bool Answered, DhtValue? Value);
