using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>How an edge is doing, told at each renewal.</summary>
[GenerateSerializer]
[Alias("kad.EdgeReport")]
public sealed record EdgeReport
{
    /// <summary>What each of its ids listens on, in the order of the lease.</summary>
    [Id(0)]
    public IReadOnlyList<UdpEndpoint> Endpoints { get; init; } = [];

    /// <summary>Contacts in the tables of all its ids.</summary>
    [Id(1)]
    public int Contacts { get; init; }

    /// <summary>Counts since its start, by name.</summary>
    [Id(2)]
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new Dictionary<string, long>();
}
