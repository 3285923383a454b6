namespace KadOrleans.Core;

/// <summary>An option that operators change while a node or a cluster runs, within its <see cref="WithinAttribute"/>: each is a <see cref="Limit"/>.</summary>
/// <param name="unit">What its values count.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class LiveLimitAttribute(string unit) : Attribute
{
    public string Unit { get; } = unit;

    /// <summary>Whether each shard of a cluster has the whole, and not its part.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Whether a process allows no more than its memory can hold.</summary>
    public bool IsBoundByMemory { get; init; }
}
