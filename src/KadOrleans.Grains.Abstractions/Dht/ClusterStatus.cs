using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>How a cluster is doing.</summary>
/// <param name="Settings">What it is built on.</param>
/// <param name="Edges">Its live edges.</param>
[GenerateSerializer]
[Alias("kad.DhtStatus")]
public sealed record ClusterStatus(
    [property: Id(0)] ClusterSettings? Settings, [property: Id(1)] IReadOnlyList<EdgeStatus> Edges);

/// <summary>How one edge is doing.</summary>
/// <param name="Name">Its stable name.</param>
/// <param name="NodeIds">Its ids, as hexadecimal digits.</param>
/// <param name="Report">What it last said of itself.</param>
[GenerateSerializer]
[Alias("kad.EdgeStatus")]
public sealed record EdgeStatus(
    [property: Id(0)] string Name, [property: Id(1)] IReadOnlyList<string> NodeIds, [property: Id(2)] EdgeReport Report);
