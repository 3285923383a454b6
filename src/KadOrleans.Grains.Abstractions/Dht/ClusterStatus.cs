using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>A cluster's fixed settings and its live edges. The settings are null if they cannot be read now, or no silo fixed them yet.</summary>
[GenerateSerializer]
[Alias("kad.DhtStatus")]
internal sealed record ClusterStatus(
    [property: Id(0)] ClusterSettings? Settings, [property: Id(1)] IReadOnlyList<EdgeStatus> Edges);

/// <summary>The name of an edge, its ids as hexadecimal digits, and its last report.</summary>
[GenerateSerializer]
[Alias("kad.EdgeStatus")]
internal sealed record EdgeStatus(
    [property: Id(0)] string Name, [property: Id(1)] IReadOnlyList<string> NodeIds, [property: Id(2)] EdgeReport Report);
