namespace KadOrleans;

/// <summary>The result of a get.</summary>
/// <param name="Value">The value; null if none was found.</param>
/// <param name="Lookup">The lookup in the network; null if this DHT holds the value itself.</param>
public sealed record GetResult(DhtValue? Value, LookupOutcome? Lookup)
{
    /// <summary>Whether there is a value.</summary>
    public bool Found => Value is not null;
}

/// <summary>A value of a known type, if there is one.</summary>
/// <param name="Found">Whether there is a value.</param>
/// <param name="Value">The value; the type's default without one.</param>
public readonly record struct TypedResult<T>(bool Found, T? Value);
