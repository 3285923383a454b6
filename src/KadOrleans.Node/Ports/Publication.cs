using KadOrleans.Core.Values;

namespace KadOrleans.Node.Ports;

/// <summary>What this node publishes under a key.</summary>
/// <param name="Value">The value.</param>
/// <param name="PublishedAt">When it last went out with a new life.</param>
public sealed record Publication(DhtValue Value, DateTimeOffset PublishedAt);
