using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Lookups;

/// <summary>Whom one lookup believes, and what chance decides in it.</summary>
public sealed record LookupPolicy
{
    /// <summary>Believes everybody, as a lookup among trusted nodes may.</summary>
    public static LookupPolicy Default { get; } = new();

    /// <summary>
    /// Whether a contact is known to have its id. Any other must prove it (<see cref="Lookup.OnIdentified"/>) before it
    /// counts, as answers to FIND_NODE and FIND_VALUE carry no id: without proof a liar appears under any number of ids
    /// next to the target. Null: every contact counts as proved.
    /// </summary>
    public Func<Contact, bool>? IsProved { get; init; }

    /// <summary>Addresses that the limit per network does not apply to.</summary>
    public AddressRangeSet Trusted { get; init; } = AddressRangeSet.Empty;

    /// <summary>
    /// Decides in which order holders of a value are asked for their vote. Random: a liar who knew the order would place
    /// itself first.
    /// </summary>
    public uint Draw { get; init; }

    /// <summary>Whether a value is judged only when all of the k nearest have answered, however much the first agree.</summary>
    public bool AsksAllHolders { get; init; }
}
