namespace KadOrleans.Core;

// The vote of a value's holders: one for each network (/24 or /48), that of its nearest holder. Of equally many votes the
// nearest holder's win. The life is the median of those who agree, and the holder the nearest of them.
internal readonly record struct LookupVote(DhtValue? Value, int Agreed, int Differed, TimeSpan? Life, Contact? Holder)
{
    public static LookupVote Count(IEnumerable<Candidate> byDistance)
    {
        var votes = byDistance.Where(c => c.IsHolder).DistinctBy(VoterOf).ToList();
        var (best, agreed) = votes.CountBy(vote => vote.Value).OrderByDescending(count => count.Value)
            .Select(count => ((DhtValue?)count.Key, count.Value)).FirstOrDefault();
        var lives = votes.Where(c => c.Value == best && c.Life is not null).Select(c => c.Life).Order().ToList();
        var life = lives.Count == 0 ? null : lives[lives.Count / 2];
        return new LookupVote(best, agreed, votes.Count - agreed, life, votes.Find(c => c.Value == best)?.Contact);
    }

    private static object VoterOf(Candidate candidate) => candidate.Network is { } network ? network : candidate.Contact.Endpoint;
}
