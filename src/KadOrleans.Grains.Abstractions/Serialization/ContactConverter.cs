using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>A contact between processes.</summary>
[GenerateSerializer]
[Alias("kad.Contact")]
public struct ContactSurrogate
{
    /// <summary>Its id.</summary>
    [Id(0)]
    public NodeId Id { get; set; }

    /// <summary>Where it is reached.</summary>
    [Id(1)]
    public UdpEndpoint Endpoint { get; set; }
}

/// <summary>Carries <see cref="Contact"/> by <see cref="ContactSurrogate"/>.</summary>
[RegisterConverter]
public sealed class ContactConverter : IConverter<Contact, ContactSurrogate>
{
    /// <inheritdoc/>
    public Contact ConvertFromSurrogate(in ContactSurrogate surrogate) => new(surrogate.Id, surrogate.Endpoint);

    /// <inheritdoc/>
    public ContactSurrogate ConvertToSurrogate(in Contact value) => new() { Id = value.Id, Endpoint = value.Endpoint };
}
