using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>An observation between processes.</summary>
[GenerateSerializer]
[Alias("kad.ContactObservation")]
public struct ContactObservationSurrogate
{
    /// <summary>What was seen.</summary>
    [Id(0)]
    public ObservationKind Kind { get; set; }

    /// <summary>Of whom.</summary>
    [Id(1)]
    public Contact Contact { get; set; }
}

/// <summary>Carries <see cref="ContactObservation"/> by <see cref="ContactObservationSurrogate"/>.</summary>
[RegisterConverter]
public sealed class ContactObservationConverter : IConverter<ContactObservation, ContactObservationSurrogate>
{
    /// <inheritdoc/>
    public ContactObservation ConvertFromSurrogate(in ContactObservationSurrogate surrogate) =>
        new(surrogate.Kind, surrogate.Contact);

    /// <inheritdoc/>
    public ContactObservationSurrogate ConvertToSurrogate(in ContactObservation value) => new() { Kind = value.Kind, Contact = value.Contact };
}
