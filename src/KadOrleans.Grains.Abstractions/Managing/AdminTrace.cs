using KadOrleans.Core;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Dht;

namespace KadOrleans.Grains.Abstractions.Managing;

/// <summary>A lookup with each of its queries.</summary>
/// <param name="From">The node id that asked.</param>
/// <param name="Lookup">What came of it.</param>
/// <param name="Value">The value that most holders agree on, if there is one.</param>
/// <param name="Duration">From its start to its end.</param>
/// <param name="Queries">In the order in which they were sent.</param>
[GenerateSerializer]
[Alias("kad.AdminTrace")]
internal sealed record AdminTrace(
    [property: Id(0)] NodeId From,
    [property: Id(1)] DhtLookup Lookup,
    [property: Id(2)] DhtValue? Value,
    [property: Id(3)] TimeSpan Duration,
    [property: Id(4)] IReadOnlyList<AdminQuery> Queries)
{
    /// <summary>A trace as it is sent.</summary>
    public static AdminTrace Of(LookupTrace trace) => new(
        trace.From, DhtLookup.From(trace.Outcome), trace.Outcome.Value, trace.Duration, [.. trace.Queries.Select(AdminQuery.Of)]);

    /// <summary>The trace that was sent.</summary>
    public LookupTrace ToTrace(NodeId target) =>
        new(From, Lookup.ToOutcome(target, Value), Duration, [.. Queries.Select(query => query.ToQuery())]);
}

/// <summary>One query of a lookup, with the members of <see cref="LookupQuery"/>.</summary>
[GenerateSerializer]
[Alias("kad.AdminQuery")]
internal sealed record AdminQuery(
    [property: Id(0)] Contact Contact,
    [property: Id(1)] int? NamedBy,
    [property: Id(2)] int Hops,
    [property: Id(3)] TimeSpan SentAt,
    [property: Id(4)] TimeSpan? Took,
    [property: Id(5)] QueryResult Result,
    [property: Id(6)] int Named,
    [property: Id(7)] DhtValue? Value)
{
    public static AdminQuery Of(LookupQuery query) => new(
        query.Contact, query.NamedBy, query.Hops, query.SentAt, query.Took, query.Result, query.Named, query.Value);

    public LookupQuery ToQuery() => new(Contact, NamedBy, Hops, SentAt, Took, Result, Named, Value);
}

/// <summary>What a node holds of a key.</summary>
/// <param name="Contact">The node.</param>
/// <param name="Answered">Whether it responded.</param>
/// <param name="Value">Its value, if it has one.</param>
[GenerateSerializer]
[Alias("kad.AdminHolder")]
internal sealed record AdminHolder([property: Id(0)] Contact Contact, [property: Id(1)] bool Answered, [property: Id(2)] DhtValue? Value);
