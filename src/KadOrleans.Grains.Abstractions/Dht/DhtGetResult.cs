using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>What a get came to.</summary>
/// <param name="Value">The value, or null if none was found.</param>
/// <param name="Lookup">How far the lookup in the network got; null if the cluster itself holds the value.</param>
[GenerateSerializer]
[Alias("kad.DhtGetResult")]
public sealed record DhtGetResult([property: Id(0)] DhtValue? Value, [property: Id(1)] DhtLookup? Lookup)
{
    /// <summary>Whether there is a value.</summary>
    public bool Found => Value is not null;
}
