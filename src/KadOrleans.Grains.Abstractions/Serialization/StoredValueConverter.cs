using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>A held value between processes.</summary>
[GenerateSerializer]
[Alias("kad.StoredValue")]
public struct StoredValueSurrogate
{
    /// <summary>The value.</summary>
    [Id(0)]
    public DhtValue Value { get; set; }

    /// <summary>When the last STORE of it arrived.</summary>
    [Id(1)]
    public DateTimeOffset StoredAt { get; set; }

    /// <summary>From when on it is gone.</summary>
    [Id(2)]
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Whom it is counted against.</summary>
    [Id(3)]
    public SourceNetwork Source { get; set; }

    /// <summary>When the cluster published it last, if it did.</summary>
    [Id(4)]
    public DateTimeOffset? PublishedAt { get; set; }

    /// <summary>Whether the edge that took it is not responsible for its key.</summary>
    [Id(5)]
    public bool IsFar { get; set; }
}

/// <summary>Carries <see cref="StoredValue"/> by <see cref="StoredValueSurrogate"/>.</summary>
[RegisterConverter]
public sealed class StoredValueConverter : IConverter<StoredValue, StoredValueSurrogate>
{
    /// <inheritdoc/>
    public StoredValue ConvertFromSurrogate(in StoredValueSurrogate surrogate) =>
        new(surrogate.Value, surrogate.StoredAt, surrogate.ExpiresAt, surrogate.Source)
        {
            PublishedAt = surrogate.PublishedAt,
            IsFar = surrogate.IsFar,
        };

    /// <inheritdoc/>
    public StoredValueSurrogate ConvertToSurrogate(in StoredValue value) => new()
    {
        Value = value.Value,
        StoredAt = value.StoredAt,
        ExpiresAt = value.ExpiresAt,
        Source = value.Source,
        PublishedAt = value.PublishedAt,
        IsFar = value.IsFar,
    };
}
