using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>What a set came to: the truth about each copy.</summary>
[GenerateSerializer]
[Alias("kad.DhtSetResult")]
public sealed record DhtSetResult
{
    /// <summary>What became of the cluster's own, durable copy; null where a call does not make one.</summary>
    [Id(0)]
    public StoreResult? Cluster { get; init; }

    /// <summary>Contacts of the network that took the value.</summary>
    [Id(1)]
    public int Stored { get; init; }

    /// <summary>Contacts that answered that they did not.</summary>
    [Id(2)]
    public int Refused { get; init; }

    /// <summary>Contacts that did not answer.</summary>
    [Id(3)]
    public int Failed { get; init; }

    /// <summary>How the contacts were found; null if no live edge could look.</summary>
    [Id(4)]
    public DhtLookup? Lookup { get; init; }

    /// <summary>Whether at least one copy exists.</summary>
    public bool Succeeded => Stored > 0 || Cluster == StoreResult.Stored;
}
