using KadOrleans.Core.Admission;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>Whom a value is counted against, between processes.</summary>
[GenerateSerializer]
[Alias("kad.SourceNetwork")]
public struct SourceNetworkSurrogate
{
    /// <summary>Upper half of the address.</summary>
    [Id(0)]
    public ulong High { get; set; }

    /// <summary>Lower half.</summary>
    [Id(1)]
    public ulong Low { get; set; }
}

/// <summary>Carries <see cref="SourceNetwork"/> by <see cref="SourceNetworkSurrogate"/>.</summary>
[RegisterConverter]
public sealed class SourceNetworkConverter : IConverter<SourceNetwork, SourceNetworkSurrogate>
{
    /// <inheritdoc/>
    public SourceNetwork ConvertFromSurrogate(in SourceNetworkSurrogate surrogate) => new(surrogate.High, surrogate.Low);

    /// <inheritdoc/>
    public SourceNetworkSurrogate ConvertToSurrogate(in SourceNetwork value) => new() { High = value.High, Low = value.Low };
}
