namespace KadOrleans.Core.Routing;

// The contacts that a table dropped because they did not answer. After a cut of the network they lead to the other part, so they
// are asked again, the dead ones ever less often. A contact gets in by the table's own failure alone, thus only after it had
// answered with its id from its address. Bounded in number, and by subnet as the table is. Not safe for several threads.
internal sealed class FormerContacts(SubnetDiversity diversity)
{
    // Some k-buckets. With fewer a cut of a large network could leave none of the other part that lives still; each takes some 100
    // bytes of a table's stored state.
    public const int Capacity = 128;

    /// <summary>Between two times that contacts are asked, one of them or, with an empty table, k.</summary>
    public static readonly TimeSpan ShortestPause = TimeSpan.FromMinutes(1);

    /// <summary>A contact is asked again after this part of its silence: some 30 times in its first hour, 100 more in its first day.</summary>
    public const double PauseShare = 1 / 32.0;

    /// <summary>A contact is forgotten after this silence: a cut that lasts longer needs bootstrap nodes.</summary>
    public static readonly TimeSpan ForgottenAfter = TimeSpan.FromDays(30);

    /// <summary>Added to a life, as one that answered once has none. If longer, contacts of a moment push out those of days.</summary>
    private static readonly TimeSpan LeastLife = TimeSpan.FromSeconds(10);

    // Callers come each minute by their own clock, which may run ahead of this one.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    private readonly List<Former> _items = [];
    private readonly MergePauses _bursts = new();
    private DateTimeOffset _burstAt = DateTimeOffset.MinValue;
    private DateTimeOffset _takenAt = DateTimeOffset.MinValue;
    private DateTimeOffset? _apartSince;

    public int Count => _items.Count;

    /// <summary>Contacts in the order they were lost.</summary>
    public IEnumerable<SavedContact> Items =>
        _items.Select(item => new SavedContact(item.Contact, item.LastSeen, Failures: 0) { FirstSeen = item.FirstSeen });

    /// <summary>Adds a contact that failed. The least likely to live gives way if there are too many, in its subnet or in all.</summary>
    public void Add(SavedContact lost, DateTimeOffset now)
    {
        RemoveAt(lost.Contact.Endpoint);
        var item = new Former(lost.Contact, lost.FirstSeen ?? lost.LastSeen, lost.LastSeen, now);
        _items.Add(item);
        var isAllowed = diversity.Allows(lost.Contact.Endpoint, sameSubnetInBucket: 0);
        diversity.Add(lost.Contact.Endpoint);
        if (!isAllowed)
        {
            var subnet = SourceNetwork.SubnetOf(lost.Contact.Endpoint);
            Remove(LeastLikely(_items.Where(one => SourceNetwork.SubnetOf(one.Contact.Endpoint) == subnet), now));
        }

        if (_items.Count > Capacity)
        {
            Remove(LeastLikely(_items, now));
        }
    }

    /// <summary>An endpoint answered, under whatever id: whoever was known there is no former contact any more.</summary>
    public void Answered(UdpEndpoint endpoint, DateTimeOffset now)
    {
        if (RemoveAt(endpoint) is not { } back)
        {
            return;
        }

        _apartSince = _apartSince < back.LastSeen ? _apartSince : back.LastSeen;
        if (now.Since(_burstAt) < ShortestPause)
        {
            _bursts.WasFruitful();
        }
    }

    /// <summary>An operator dropped the contact: it is not asked again. Returns whether it was known.</summary>
    public bool Forget(NodeId id)
    {
        var found = _items.FindAll(item => item.Contact.Id == id);
        found.ForEach(Remove);
        return found.Count > 0;
    }

    // Those to ask now: the most overdue one. If the table is empty, or one has answered since the last time, k of them, whether they are
    // due or not: then others that were lost with it are likely to be back. Called once a minute, and when some have answered.
    public FormerContactsNews Take(int bucketSize, bool isAlone, DateTimeOffset now)
    {
        foreach (var item in _items.FindAll(item => now.Since(item.LastSeen) >= ForgottenAfter))
        {
            Remove(item);
        }

        var due = TakeDue(bucketSize, isAlone, now);
        foreach (var item in due)
        {
            item.AskedAt = now;
        }

        var news = new FormerContactsNews([.. due.Select(item => item.Contact)], _items.Count, _apartSince);
        _apartSince = null;
        return news;
    }

    private List<Former> TakeDue(int bucketSize, bool isAlone, DateTimeOffset now)
    {
        if (_apartSince is not null && _bursts.MayLookUp(now))
        {
            _bursts.LookedUp(isFruitful: false, now);
            _burstAt = now;
            return [.. _items.OrderByDescending(item => item.Likelihood(now)).Where(item => item.IsRested(now)).Take(bucketSize)];
        }

        if (now.Since(_takenAt) < ShortestPause - Slack)
        {
            return [];
        }

        _takenAt = now;
        var ranked = _items.OrderByDescending(item => item.Overdue(now)).ThenByDescending(item => item.Likelihood(now));
        return [.. isAlone ? ranked.Take(bucketSize) : ranked.Take(1).Where(item => item.Overdue(now) >= 1)];
    }

    private static Former LeastLikely(IEnumerable<Former> items, DateTimeOffset now) => items.MinBy(item => item.Likelihood(now))!;

    private Former? RemoveAt(UdpEndpoint endpoint)
    {
        var item = _items.Count == 0 ? null : _items.Find(one => one.Contact.Endpoint == endpoint);
        if (item is not null)
        {
            Remove(item);
        }

        return item;
    }

    private void Remove(Former item)
    {
        _items.Remove(item);
        diversity.Remove(item.Contact.Endpoint);
    }

    private sealed class Former(Contact contact, DateTimeOffset firstSeen, DateTimeOffset lastSeen, DateTimeOffset lostAt)
    {
        public Contact Contact => contact;

        public DateTimeOffset FirstSeen => firstSeen;

        public DateTimeOffset LastSeen => lastSeen;

        public DateTimeOffset AskedAt { get; set; } = lostAt;

        public double Overdue(DateTimeOffset now)
        {
            var pause = now.Since(lastSeen) * PauseShare;
            return now.Since(AskedAt) / (pause > ShortestPause ? pause : ShortestPause - Slack);
        }

        public bool IsRested(DateTimeOffset now) => now.Since(AskedAt) >= ShortestPause - Slack;

        // Nodes that have lived long go on living (Kademlia §2.2): with lifetimes of such a heavy tail, in proportion to life / (life
        // + silence).
        public double Likelihood(DateTimeOffset now)
        {
            var life = lastSeen.Since(firstSeen) + LeastLife;
            return life / (life + now.Since(lastSeen));
        }
    }
}

/// <summary>What a table knows of its former contacts at one of the times when some are asked.</summary>
/// <param name="Due">Contacts to ping now.</param>
/// <param name="Known">How many there are.</param>
/// <param name="ApartSince">When the longest silent of those that answered since the last time had answered before; null if none did.</param>
internal sealed record FormerContactsNews(IReadOnlyList<Contact> Due, int Known, DateTimeOffset? ApartSince)
{
    public static FormerContactsNews None { get; } = new([], 0, null);
}
