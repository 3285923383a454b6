using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;

namespace KadOrleans.Node.Values;

/// <summary>What a get came to.</summary>
/// <param name="Value">The value, or null if none was found.</param>
/// <param name="Lookup">How far the lookup got; null if this node is one of the value's holders.</param>
public sealed record GetResult(DhtValue? Value, LookupOutcome? Lookup)
{
    /// <summary>Whether there is a value.</summary>
    public bool Found => Value is not null;
}
