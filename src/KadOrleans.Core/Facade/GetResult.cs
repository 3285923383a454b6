namespace KadOrleans;

/// <summary>The result of a get.</summary>
public sealed record GetResult
{
    private readonly ValueVersion? _held;

    /// <summary>A result.</summary>
    /// <param name="value">The value; null if none was found.</param>
    /// <param name="lookup">The lookup in the network; null if this DHT holds the value itself.</param>
    public GetResult(DhtValue? value, LookupOutcome? lookup) => (Value, Lookup) = (value, lookup);

    /// <summary>The value; null if none was found.</summary>
    public DhtValue? Value { get; init; }

    /// <summary>The lookup in the network; null if this DHT holds the value itself.</summary>
    public LookupOutcome? Lookup { get; init; }

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

    /// <summary>As <see cref="TypedResult{T}"/> has it: whether there is a value, and the value.</summary>
    public void Deconstruct(out bool found, out DhtValue? value) => (found, value) = (Found, Value);

    /// <summary>The same of a known type.</summary>
    internal TypedResult<T> As<T>(Func<DhtValue, T?> read) =>
        new(Found, Value is { } value ? read(value) : default) { Version = Version, Lookup = Lookup };
}

/// <summary>A value of a known type, if there is one.</summary>
/// <param name="Found">Whether there is a value.</param>
/// <param name="Value">The value; the type's default without one.</param>
public readonly record struct TypedResult<T>(bool Found, T? Value)
{
    /// <inheritdoc cref="GetResult.Version"/>
    public ValueVersion Version { get; init; }

    /// <inheritdoc cref="GetResult.Lookup"/>
    public LookupOutcome? Lookup { get; init; }
}
