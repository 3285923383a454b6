namespace KadOrleans.Node;

/// <summary>A value as its STOREs say it.</summary>
/// <param name="Value">The value.</param>
/// <param name="Life">Its life at the contacts; null is a full one.</param>
internal readonly record struct SentValue(DhtValue Value, TimeSpan? Life)
{
    /// <summary>Whether it replaces values that live longer, unless the contact or a source that it trusts stored them.</summary>
    public bool IsChosen { get; init; }

    /// <summary>Whether the value's writer is this node, or was known to it.</summary>
    public bool IsAuthored { get; init; }

    /// <summary>What a program sets: its life, if it has one, is chosen.</summary>
    public static SentValue OfWrite(DhtValue value, TimeSpan? life) => new(value, life) { IsChosen = life is not null, IsAuthored = true };

    /// <summary>What is held, to live there as long as it does here.</summary>
    public static SentValue OfHeld(StoredValue held, TimeSpan? life) => new(held.Value, life) { IsAuthored = held.IsAuthored };
}
