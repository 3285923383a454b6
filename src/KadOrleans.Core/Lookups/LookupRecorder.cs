using System.Diagnostics;

namespace KadOrleans.Core;

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
