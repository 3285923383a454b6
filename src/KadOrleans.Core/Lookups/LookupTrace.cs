using System.Text;

namespace KadOrleans.Core;

/// <summary>A lookup with each of its queries.</summary>
/// <param name="From">The node id that asked.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="Duration">From its start to its end.</param>
/// <param name="Queries">In the order in which they were sent: 256 at most.</param>
public sealed record LookupTrace(NodeId From, LookupOutcome Outcome, TimeSpan Duration, IReadOnlyList<LookupQuery> Queries)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

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
