namespace KadOrleans;

/// <summary>The result of a get.</summary>
/// <param name="Value">The value; null if none was found.</param>
/// <param name="Lookup">The lookup in the network; null if this DHT holds the value itself.</param>
public sealed record GetResult(DhtValue? Value, LookupOutcome? Lookup)
{
    /// <summary>Whether there is a value.</summary>
    public bool Found => Value is not null;
}

/// <summary>A watched key's value from now on.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null if this DHT knows of none.</param>
public sealed record KeyChange(NodeId Key, DhtValue? Value);

/// <summary>A value of a known type, if there is one.</summary>
/// <param name="Found">Whether there is a value.</param>
/// <param name="Value">The value; the type's default without one.</param>
public readonly record struct TypedResult<T>(bool Found, T? Value);

/// <summary>The result of a set, with the contacts counted by what became of the copy.</summary>
public sealed record SetResult
{
    /// <summary>Contacts that stored the value.</summary>
    public int Stored { get; init; }

    /// <summary>Contacts that rejected the value.</summary>
    public int Refused { get; init; }

    /// <summary>Contacts that did not respond. Some of them may hold the value.</summary>
    public int Failed { get; init; }

    /// <summary>The copy in this DHT's own storage. Null if it keeps none: the node is not among the k nearest, or is a client.</summary>
    public StoreResult? Local { get; init; }

    /// <summary>
    /// Whether the value is published again each day: <see cref="StoreResult.Stored"/>, or why not. Null if nothing remembers it: a
    /// client, or no copy could be made.
    /// </summary>
    public StoreResult? Publication { get; init; }

    /// <summary>The lookup of the contacts; null if there was none before the call returned.</summary>
    public LookupOutcome? Lookup { get; init; }

    /// <summary>
    /// Whether the network has yet to get the value: no contact stored it, and this DHT remembers it durably and sends it later.
    /// </summary>
    public bool IsPending => Stored == 0 && Publication == StoreResult.Stored;

    /// <summary>Whether a copy exists or is on its way from durable storage.</summary>
    public bool Succeeded => Stored > 0 || Local == StoreResult.Stored || Publication == StoreResult.Stored;
}

/// <summary>The result of a ping.</summary>
/// <param name="Id">The id of the node that responded; null without a response, or from a client.</param>
/// <param name="Failure">Why there was no response; null if there was one.</param>
/// <param name="RoundTrip">Time from the first datagram to the response or the timeout.</param>
public sealed record PingResult(NodeId? Id, RequestFailure? Failure, TimeSpan RoundTrip)
{
    /// <summary>Whether there was a response.</summary>
    public bool Answered => Failure is null;
}

/// <summary>Why a request got no usable response.</summary>
public enum RequestFailure
{
    /// <summary>No response came to the request nor to its retry.</summary>
    TimedOut,

    /// <summary>Something came back that is no response to such a request.</summary>
    Malformed,

    /// <summary>The system would not send it: no route, or no socket of that address family.</summary>
    Unreachable,

    /// <summary>The node stopped, or the caller gave up.</summary>
    Cancelled,
}

/// <summary>The nodes of a DHT.</summary>
/// <param name="Nodes">One node, or one entry for each live edge of the cluster.</param>
public sealed record DhtStatus(IReadOnlyList<DhtNodeStatus> Nodes);

/// <summary>One node, or one edge of a cluster with its node ids.</summary>
/// <param name="Name">The edge's name; empty for a single node.</param>
/// <param name="Ids">Its node ids.</param>
/// <param name="Endpoints">What it listens on, one or more for each id.</param>
/// <param name="Contacts">Contacts in its routing tables.</param>
/// <param name="Counts">Counters since its start, by name.</param>
public sealed record DhtNodeStatus(
    string Name,
    IReadOnlyList<NodeId> Ids,
    IReadOnlyList<UdpEndpoint> Endpoints,
    int Contacts,
    IReadOnlyDictionary<string, long> Counts);
