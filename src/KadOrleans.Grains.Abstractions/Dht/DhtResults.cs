using KadOrleans.Core;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>The outcome of a lookup in the network.</summary>
[GenerateSerializer]
[Alias("kad.DhtLookup")]
internal sealed record DhtLookup
{
    /// <summary>Why it ended.</summary>
    [Id(0)]
    public TerminationReason Reason { get; init; }

    /// <summary>The contacts that answered, nearest first, at most k.</summary>
    [Id(1)]
    public IReadOnlyList<Contact> Closest { get; init; } = [];

    /// <summary>Contacts that were queried.</summary>
    [Id(2)]
    public int Asked { get; init; }

    /// <summary>Contacts that answered.</summary>
    [Id(3)]
    public int Answered { get; init; }

    /// <summary>Contacts that failed.</summary>
    [Id(4)]
    public int Failed { get; init; }

    /// <summary>Length of the chain of responses that led to the nearest contact.</summary>
    [Id(5)]
    public int Hops { get; init; }

    /// <summary>Holders in different networks that returned this value.</summary>
    [Id(6)]
    public int Agreed { get; init; }

    /// <summary>Holders in different networks that returned another value.</summary>
    [Id(7)]
    public int Differed { get; init; }

    /// <summary>Contacts nearer to the target than the network's size allows.</summary>
    [Id(8)]
    public int Crowded { get; init; }

    /// <summary>Converts the lookup for callers of the DHT.</summary>
    /// <param name="target">The lookup's target.</param>
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
        Crowded = Crowded,
    };

    /// <summary>Copies a lookup's outcome for callers of a cluster.</summary>
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
            Crowded = outcome.Crowded,
        };
    }
}

/// <summary>The result of a get.</summary>
/// <param name="Value">The value, or null if none was found.</param>
/// <param name="Lookup">The lookup in the network. Null if the cluster itself holds the value.</param>
[GenerateSerializer]
[Alias("kad.DhtGetResult")]
internal sealed record DhtGetResult([property: Id(0)] DhtValue? Value, [property: Id(1)] DhtLookup? Lookup)
{
    /// <summary>Whether there is a value.</summary>
    public bool Found => Value is not null;
}

/// <summary>The result of a set, for each copy. A copy of the cluster that failed is an exception.</summary>
[GenerateSerializer]
[Alias("kad.DhtSetResult")]
internal sealed record DhtSetResult
{
    /// <summary>
    /// The result of the cluster's own, durable copy; null where a call does not make one. Silos of earlier releases tell a failure here.
    /// </summary>
    [Id(0)]
    public StoreResult? Cluster { get; init; }

    /// <summary>Contacts of the network that took the value.</summary>
    [Id(1)]
    public int Stored { get; init; }

    /// <summary>Contacts that rejected the value.</summary>
    [Id(2)]
    public int Refused { get; init; }

    /// <summary>Contacts that did not answer.</summary>
    [Id(3)]
    public int Failed { get; init; }

    /// <summary>How the contacts were found; null if no live edge could look.</summary>
    [Id(4)]
    public DhtLookup? Lookup { get; init; }
}

/// <summary>The result of a ping.</summary>
/// <param name="Answered">Whether somebody answered.</param>
/// <param name="Id">The id that answered; null without an answer, or from a client.</param>
/// <param name="RoundTrip">Time to the answer, or to the timeout.</param>
[GenerateSerializer]
[Alias("kad.DhtPingResult")]
internal sealed record DhtPingResult(
    [property: Id(0)] bool Answered, [property: Id(1)] NodeId? Id, [property: Id(2)] TimeSpan RoundTrip);

/// <summary>A cluster's state.</summary>
/// <param name="Settings">Its fixed settings. Null if they cannot be read now, or no silo fixed them yet.</param>
/// <param name="Edges">Its live edges.</param>
[GenerateSerializer]
[Alias("kad.DhtStatus")]
internal sealed record ClusterStatus(
    [property: Id(0)] ClusterSettings? Settings, [property: Id(1)] IReadOnlyList<EdgeStatus> Edges);

/// <summary>The state of one edge.</summary>
/// <param name="Name">Its stable name.</param>
/// <param name="NodeIds">Its ids, as hexadecimal digits.</param>
/// <param name="Report">Its last report.</param>
[GenerateSerializer]
[Alias("kad.EdgeStatus")]
internal sealed record EdgeStatus(
    [property: Id(0)] string Name, [property: Id(1)] IReadOnlyList<string> NodeIds, [property: Id(2)] EdgeReport Report);
