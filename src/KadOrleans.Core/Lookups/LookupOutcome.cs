using System.Diagnostics;

namespace KadOrleans.Core;

/// <summary>The outcome of a lookup.</summary>
public sealed record LookupOutcome
{
    /// <summary>The lookup's target.</summary>
    public required NodeId Target { get; init; }

    /// <summary>Why the lookup ended.</summary>
    public required TerminationReason Reason { get; init; }

    /// <summary>The contacts that answered, nearest first: at most k, and one of a network (/24 or /48), or two if those are too few.</summary>
    public required IReadOnlyList<Contact> Closest { get; init; }

    /// <summary>Every contact that answered, nearest first: those of <see cref="Closest"/> and the others.</summary>
    public IReadOnlyList<Contact> AnsweredContacts { get; init; } = [];

    /// <summary>The value that most holders agree on, or null.</summary>
    public DhtValue? Value { get; init; }

    /// <summary>The value's remaining life: the median of the holders that agree on it; null if none of them says.</summary>
    public TimeSpan? ValueLife { get; init; }

    /// <summary>The nearest contact that gave <see cref="Value"/>, or null.</summary>
    public Contact? Holder { get; init; }

    /// <summary>
    /// Holders that gave <see cref="Value"/>, one for each network (/24 or /48). Those among <see cref="Closest"/> count; others
    /// only where none of these has a value.
    /// </summary>
    public int Agreed { get; init; }

    /// <summary>Holders that gave another value, counted in the same way.</summary>
    public int Differed { get; init; }

    /// <summary>The nearest contact that answered without the value: a copy belongs there (Kademlia §2.3).</summary>
    public Contact? CacheAt { get; init; }

    /// <summary>
    /// Whether <see cref="CacheAt"/> is one of the k nearest that were heard of. Those should hold the value, and are sent the key's next
    /// one. A copy anywhere else must not live long.
    /// </summary>
    public bool CacheBelongs { get; init; }

    /// <summary>
    /// Contacts of <see cref="Closest"/> that are nearer to the target than the network's size allows; 0 for none, or without an estimate.
    /// Somebody may have placed them there, to decide alone what the key reads as.
    /// </summary>
    public int Crowded { get; init; }

    /// <summary>Contacts that were asked.</summary>
    public required int Asked { get; init; }

    /// <summary>Contacts that answered.</summary>
    public required int Answered { get; init; }

    /// <summary>Contacts that failed: no response in time, unreachable, a malformed response, or no proof of their id.</summary>
    public required int Failed { get; init; }

    /// <summary>Length of the chain of answers that led to the nearest contact that answered.</summary>
    public required int Hops { get; init; }
}

/// <summary>The kinds of lookups (Kademlia §2.3).</summary>
public enum LookupKind
{
    /// <summary>Finds the k contacts nearest to the target, by FIND_NODE.</summary>
    Node,

    /// <summary>Finds the value stored under the target, by FIND_VALUE, or else the nearest contacts.</summary>
    Value,
}

/// <summary>Why a lookup ended.</summary>
public enum TerminationReason
{
    /// <summary>The k nearest contacts that answer have answered.</summary>
    Converged,

    /// <summary>A value was found.</summary>
    ValueFound,

    /// <summary>No contact was known.</summary>
    NoContacts,

    /// <summary>All known contacts were queried and none answered.</summary>
    NobodyAnswered,

    /// <summary>The bound on requests was reached; somebody may be leading the lookup astray.</summary>
    RequestLimit,

    /// <summary>The caller cancelled it.</summary>
    Cancelled,

    /// <summary>The lookup's deadline was over; the outcome has what was found until then.</summary>
    DeadlineReached,
}

/// <summary>A lookup with each of its queries.</summary>
/// <param name="From">The node id that asked.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="Duration">From its start to its end.</param>
/// <param name="Queries">In the order in which they were sent: 256 at most.</param>
public sealed record LookupTrace(NodeId From, LookupOutcome Outcome, TimeSpan Duration, IReadOnlyList<LookupQuery> Queries);

/// <summary>One query of a lookup.</summary>
/// <param name="Contact">Who was asked. The id is the proved one, if it proved another than it was named by.</param>
/// <param name="NamedBy">The place in the trace of the query whose response named it; null for a contact of the own table.</param>
/// <param name="Hops">Responses that led to it: 1 for a contact of the own table.</param>
/// <param name="SentAt">Since the start of the lookup.</param>
/// <param name="Took">Until the response or the timeout; null if the lookup ended before.</param>
/// <param name="Result">What came of it.</param>
/// <param name="Named">Contacts that the response named.</param>
/// <param name="Value">The value of the response, if it had one.</param>
public sealed record LookupQuery(
    Contact Contact, int? NamedBy, int Hops, TimeSpan SentAt, TimeSpan? Took, QueryResult Result, int Named, DhtValue? Value);

/// <summary>What came of a query.</summary>
public enum QueryResult
{
    /// <summary>The lookup ended before a response or the timeout.</summary>
    Pending,

    /// <summary>It responded with contacts.</summary>
    Contacts,

    /// <summary>It responded with a value.</summary>
    Value,

    /// <summary>It responded, and did not prove its id. The response does not count.</summary>
    Unproved,

    /// <summary>It did not respond, or the response was malformed.</summary>
    Failed,

    /// <summary>It had not responded in its usual time, and others were asked in its place. The lookup ended before the last timeout.</summary>
    Unresponsive,
}

internal sealed class LookupRecorder
{
    private readonly OrderedDictionary<UdpEndpoint, Entry> _entries = [];

    public void Sent(Contact contact, TimeSpan at) => _entries[contact.Endpoint] = new Entry(contact, at);

    public void Ended(UdpEndpoint endpoint, TimeSpan at, int named = 0, DhtValue? value = null)
    {
        if (_entries.TryGetValue(endpoint, out var entry) && entry.EndedAt is null)
        {
            _entries[endpoint] = entry with { EndedAt = at, Named = named, Value = value };
        }
    }

    public IReadOnlyList<LookupQuery> Read(Lookup lookup) =>
        [.. _entries.Values.Select(entry => Describe(entry, lookup.CandidateAt(entry.Contact.Endpoint)))];

    private LookupQuery Describe(Entry entry, Candidate? candidate) => new(
        candidate?.Contact ?? entry.Contact,
        candidate?.NamedBy is { } namer && _entries.IndexOf(namer.Contact.Endpoint) is >= 0 and var place ? place : null,
        candidate?.Hops ?? 1,
        entry.SentAt,
        entry.EndedAt - entry.SentAt,
        ResultOf(entry, candidate),
        entry.Named,
        entry.Value);

    private static QueryResult ResultOf(Entry entry, Candidate? candidate) => candidate is null ? QueryResult.Pending : candidate.State switch
    {
        CandidateState.Answered => entry.Value is null ? QueryResult.Contacts : QueryResult.Value,
        _ when candidate.HasReplied => QueryResult.Unproved,
        CandidateState.Failed => QueryResult.Failed,
        CandidateState.Unresponsive => QueryResult.Unresponsive,
        CandidateState.Heard or CandidateState.Waiting => QueryResult.Pending,
        _ => throw new UnreachableException($"The candidate is {candidate.State}."),
    };

    private sealed record Entry(Contact Contact, TimeSpan SentAt, TimeSpan? EndedAt = null, int Named = 0, DhtValue? Value = null);
}
