using KadOrleans.Core.Values;

namespace KadOrleans.Node.Ports;

/// <summary>What this node publishes under a key.</summary>
/// <param name="Value">The value.</param>
/// <param name="PublishedAt">When it last went out with a new life.</param>
public sealed record Publication(DhtValue Value, DateTimeOffset PublishedAt)
{
    /// <summary>Whether the network has yet to get it. <see cref="PublishedAt"/> is then when it was set.</summary>
    public bool IsPending { get; init; }
}
