namespace KadOrleans;

/// <summary>The result of a get.</summary>
/// <param name="Value">The value; null if none was found.</param>
/// <param name="Lookup">The lookup in the network; null if this DHT holds the value itself.</param>
public sealed record GetResult(DhtValue? Value, LookupOutcome? Lookup)
{
    private readonly ValueVersion? _held;

    /// <summary>Whether there is a value.</summary>
    public bool Found => Value is not null;

    /// <summary>
    /// Which write of the key this is, for <see cref="IDht.SetIfAsync"/> and to fence (<see cref="ValueVersion.Number"/>): a number if this DHT holds or
    /// publishes the value, and a digest of the value if a lookup alone found it.
    /// </summary>
    public ValueVersion Version
    {
        get => _held ?? (Value is { } value ? ValueVersion.OfFound(value) : ValueVersion.Nothing);
        init => _held = value;
    }
}

/// <summary>A value of a known type, if there is one.</summary>
/// <param name="Found">Whether there is a value.</param>
/// <param name="Value">The value; the type's default without one.</param>
public readonly record struct TypedResult<T>(bool Found, T? Value);
