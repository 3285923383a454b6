using KadOrleans.Core.Items;

namespace KadOrleans.Core;

// The vote of a value's holders: one for each network (/24 or /48), that of its nearest holder. Of equally many votes the
// nearest holder's win. The life is the median of those who agree, and the holder the nearest of them. There is no vote where a holder has
// an owner's item: his highest number wins, and those who hold anything else can only withhold it. An item without an owner has a vote as any value:
// where the key is that of a text anybody can make one, and a store does not take it in place of that, either (ItemPut).
internal readonly record struct LookupVote(DhtValue? Value, int Agreed, int Differed, TimeSpan? Life, Contact? Holder)
{
    /// <summary>The owner's item that the value is.</summary>
    public CheckedItem? Item { get; private init; }

    public static LookupVote Count(IEnumerable<Candidate> byDistance)
    {
        List<Candidate> holders = [.. byDistance.Where(c => c.IsHolder)];
        if (holders.MaxBy(c => c.Item, ItemOrder.Newest)?.Item is { Item.IsMutable: true } newest)
        {
            // Of a network that has the newest item too, its holder counts. Sorting keeps their order.
            var value = holders.Find(c => c.Item == newest)!.Value;
            return Count([.. holders.OrderBy(c => c.Value == value ? 0 : 1).DistinctBy(VoterOf)], value) with { Item = newest };
        }

        List<Candidate> votes = [.. holders.DistinctBy(VoterOf)];
        var most = votes.CountBy(vote => vote.Value).OrderByDescending(count => count.Value).Select(count => (DhtValue?)count.Key);
        return Count(votes, most.FirstOrDefault());
    }

    private static LookupVote Count(List<Candidate> votes, DhtValue? best)
    {
        var agreed = votes.Count(c => c.Value == best);
        var lives = votes.Where(c => c.Value == best && c.Life is not null).Select(c => c.Life).Order().ToList();
        var life = lives.Count == 0 ? null : lives[lives.Count / 2];
        return new LookupVote(best, agreed, votes.Count - agreed, life, votes.Find(c => c.Value == best)?.Contact);
    }

    private static object VoterOf(Candidate candidate) => candidate.Network is { } network ? network : candidate.Contact.Endpoint;
}
