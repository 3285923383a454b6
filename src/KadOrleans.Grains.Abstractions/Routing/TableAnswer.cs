using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Routing;

/// <summary>What a routing table decided on a batch of observations.</summary>
[GenerateSerializer]
[Alias("kad.TableAnswer")]
public sealed record TableAnswer
{
    /// <summary>The edge no longer holds the id; nothing was applied.</summary>
    [Id(0)]
    public bool IsFenced { get; init; }

    /// <summary>Contacts that entered the table, to be handed the values that belong there.</summary>
    [Id(1)]
    public IReadOnlyList<Contact> Added { get; init; } = [];

    /// <summary>Contacts that the table wants pinged.</summary>
    [Id(2)]
    public IReadOnlyList<Contact> Checks { get; init; } = [];

    /// <summary>The table's version behind the batch.</summary>
    [Id(3)]
    public long Version { get; init; }
}
