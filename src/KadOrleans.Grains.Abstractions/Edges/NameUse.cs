namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>Whether another edge uses a name.</summary>
public enum NameUse
{
    /// <summary>None does: it may be leased.</summary>
    Free,

    /// <summary>Another edge has it, and answers.</summary>
    Held,

    /// <summary>
    /// Another edge has it and is not heard, maybe for want of a silo on the way to it. At the latest
    /// <see cref="IEdgeDirectoryGrain.LeaseDuration"/> later this is clear.
    /// </summary>
    Unclear,
}
