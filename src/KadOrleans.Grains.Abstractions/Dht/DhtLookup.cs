using KadOrleans.Core;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>How far a lookup in the network got.</summary>
[GenerateSerializer]
[Alias("kad.DhtLookup")]
public sealed record DhtLookup
{
    /// <summary>Why it ended.</summary>
    [Id(0)]
    public TerminationReason Reason { get; init; }

    /// <summary>The contacts that answered, nearest first, at most k.</summary>
    [Id(1)]
    public IReadOnlyList<Contact> Closest { get; init; } = [];

    /// <summary>Contacts that were asked.</summary>
    [Id(2)]
    public int Asked { get; init; }

    /// <summary>Contacts that answered.</summary>
    [Id(3)]
    public int Answered { get; init; }

    /// <summary>Contacts that failed.</summary>
    [Id(4)]
    public int Failed { get; init; }

    /// <summary>Length of the chain of answers that led to the nearest contact.</summary>
    [Id(5)]
    public int Hops { get; init; }

    /// <summary>Holders of different networks that gave the value.</summary>
    [Id(6)]
    public int Agreed { get; init; }

    /// <summary>Holders of different networks that gave another value.</summary>
    [Id(7)]
    public int Differed { get; init; }

    /// <summary>The lookup as callers of the DHT know it.</summary>
    /// <param name="target">What was looked for.</param>
    /// <param name="value">The value that it found, if any.</param>
    public LookupOutcome ToOutcome(NodeId target, DhtValue? value = null) => new()
    {
        Target = target,
        Reason = Reason,
        Closest = Closest,
        Value = value,
        Asked = Asked,
        Answered = Answered,
        Failed = Failed,
        Hops = Hops,
        Agreed = Agreed,
        Differed = Differed,
    };

    /// <summary>Takes over what callers of a cluster are told of a lookup.</summary>
    public static DhtLookup From(LookupOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        return new DhtLookup
        {
            Reason = outcome.Reason,
            Closest = outcome.Closest,
            Asked = outcome.Asked,
            Answered = outcome.Answered,
            Failed = outcome.Failed,
            Hops = outcome.Hops,
            Agreed = outcome.Agreed,
            Differed = outcome.Differed,
        };
    }
}
