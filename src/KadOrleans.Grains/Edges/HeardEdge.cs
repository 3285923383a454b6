using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Edges;

/// <summary>An edge as it last leased or renewed.</summary>
/// <param name="Edge">The edge.</param>
/// <param name="Since">When that was, as a timestamp of the clock.</param>
/// <param name="Silos">The silos that were active then.</param>
internal sealed record HeardEdge(LiveEdge Edge, long Since, IReadOnlyCollection<SiloAddress> Silos);
