using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;

namespace KadOrleans.Node.Values;

/// <summary>What a set came to: the truth about each copy.</summary>
public sealed record SetResult
{
    /// <summary>Contacts that answered that they took the value.</summary>
    public required int Stored { get; init; }

    /// <summary>Contacts that answered that they did not take it.</summary>
    public required int Refused { get; init; }

    /// <summary>Contacts that did not answer; some of them may hold the value all the same.</summary>
    public required int Failed { get; init; }

    /// <summary>What became of the copy on this node; null if this node is not among the k nearest, or a client.</summary>
    public StoreResult? Local { get; init; }

    /// <summary>
    /// Whether this node remembers the value and publishes it again each day: <see cref="StoreResult.Stored"/>, or
    /// <see cref="StoreResult.TotalQuotaExceeded"/> if it publishes as many as it may. Null where no node remembers: for a
    /// client, and when no copy could be made.
    /// </summary>
    public StoreResult? Publication { get; init; }

    /// <summary>How the contacts were found; null if the value was refused before anybody was asked.</summary>
    public LookupOutcome? Lookup { get; init; }

    /// <summary>Whether at least one copy exists.</summary>
    public bool Succeeded => Stored > 0 || Local == StoreResult.Stored;
}
