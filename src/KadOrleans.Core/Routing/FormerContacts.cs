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

    /// <summary>
    /// The same, unless the network may just have been cut: 6 pings an hour are less than 1 % of what a node of 100
    /// sends for its upkeep.
    /// </summary>
    public static readonly TimeSpan QuietPause = TimeSpan.FromMinutes(10);

    /// <summary>Contacts are asked again after this part of their silence: if longer, a cut of an hour is not over in five minutes.</summary>
    public const double PauseShare = 1 / 32.0;

    /// <summary>A cut that is longer heals more slowly, at <see cref="QuietPause"/> or <see cref="PauseShare"/> of its length.</summary>
    private static readonly TimeSpan LongestCut = TimeSpan.FromHours(2);

    // The smaller part of a network loses at least half of its contacts, and asks for both. Where fewer than one in five was lost, nodes
    // have left, or the smaller part asks.
    private const int LeftPerLost = 4;

    /// <summary>A contact that answered for so long has been one; one that asked something and left has not.</summary>
    public static readonly TimeSpan LastingLife = TimeSpan.FromMinutes(3);

    /// <summary>A contact is forgotten after this silence: a cut that lasts longer needs bootstrap nodes.</summary>
    public static readonly TimeSpan ForgottenAfter = TimeSpan.FromDays(30);

    /// <summary>Added to a life, as one that answered once has none. If longer, contacts of a moment push out those of days.</summary>
    private static readonly TimeSpan LeastLife = TimeSpan.FromSeconds(10);

    // Callers come each minute by their own clock, which may run ahead of this one.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    private readonly List<Former> _items = [];
    private readonly MergePauses _bursts = new(diversity);
    private readonly List<UdpEndpoint> _answered = [];
    private IReadOnlyList<UdpEndpoint> _burstBy = [];
    private DateTimeOffset _burstAt = DateTimeOffset.MinValue;
    private DateTimeOffset _takenAt = DateTimeOffset.MinValue;
    private DateTimeOffset? _apartSince;

    public int Count => _items.Count;

    /// <summary>Whether one of them had been a contact for some minutes.</summary>
    public bool HasLasting => _items.Exists(item => IsLasting(item.FirstSeen, item.LastSeen));

    /// <summary>Contacts in the order they were lost.</summary>
    public IEnumerable<SavedContact> Items =>
        _items.Select(item => new SavedContact(item.Contact, item.LastSeen, Failures: 0) { FirstSeen = item.FirstSeen });

    public static bool IsLasting(DateTimeOffset firstSeen, DateTimeOffset lastSeen) => lastSeen.Since(firstSeen) >= LastingLife;

    /// <summary>Between two questions to who is silent.</summary>
    public static TimeSpan PauseAfter(TimeSpan silence, TimeSpan shortest) => silence * PauseShare > shortest ? silence * PauseShare : shortest;

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
        if (_answered.Count < Capacity)
        {
            _answered.Add(endpoint);
        }

        // Another port of the host that brought the burst about shows nothing.
        if (now.Since(_burstAt) < ShortestPause && !_burstBy.Any(one => diversity.GroupOf(one) == diversity.GroupOf(endpoint)))
        {
            _bursts.WasFruitful(_burstBy);
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
    public FormerContactsNews Take(int bucketSize, int contacts, DateTimeOffset now)
    {
        foreach (var item in _items.FindAll(item => now.Since(item.LastSeen) >= ForgottenAfter))
        {
            Remove(item);
        }

        var due = TakeDue(bucketSize, contacts, now);
        foreach (var item in due)
        {
            item.AskedAt = now;
        }

        var news = new FormerContactsNews([.. due.Select(item => item.Contact)], HasLasting, _apartSince);
        _apartSince = null;
        _answered.Clear();
        return news;
    }

    private List<Former> TakeDue(int bucketSize, int contacts, DateTimeOffset now)
    {
        if (_answered.Exists(endpoint => _bursts.MayMake(endpoint, now)))
        {
            (_burstBy, _burstAt) = ([.. _answered], now);
            _bursts.Made(_burstBy, isFruitful: false, now);
            return [.. _items.OrderByDescending(item => item.Likelihood(now)).Where(item => item.IsRested(now)).Take(bucketSize)];
        }

        if (_items.Count == 0)
        {
            return [];
        }

        var pause = GetPause(contacts, now);
        if (now.Since(_takenAt) < pause - Slack)
        {
            return [];
        }

        // Those that have waited through many quiet hours come no earlier than those that have waited for a round.
        var round = pause * _items.Count;
        var ranked = _items.OrderByDescending(item => item.Overdue(now, round)).ThenByDescending(item => item.Likelihood(now));
        List<Former> due = [.. contacts == 0 ? ranked.Take(bucketSize) : ranked.Take(1).Where(item => item.Overdue(now, round) >= 1)];
        _takenAt = due.Count > 0 ? now : _takenAt;
        return due;
    }

    // However many there are: else a few dead ones would be asked as often as the whole network.
    private TimeSpan GetPause(int contacts, DateTimeOffset now)
    {
        var lately = _items.Count(item => now.Since(item.LastSeen) < LongestCut);
        var mayBeCut = lately > Capacity / 2 || (lately > 0 && lately * LeftPerLost >= contacts);
        return contacts == 0 ? ShortestPause : PauseAfter(_items.Min(item => now.Since(item.LastSeen)), mayBeCut ? ShortestPause : QuietPause);
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

        public double Overdue(DateTimeOffset now, TimeSpan round)
        {
            var waited = now.Since(AskedAt);
            return (waited < round ? waited : round) / PauseAfter(now.Since(lastSeen), ShortestPause - Slack);
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
/// <param name="HasLasting">Whether the table has or had contacts that answered for some minutes.</param>
/// <param name="ApartSince">When the longest silent of those that answered since the last time had answered before; null if none did.</param>
internal sealed record FormerContactsNews(IReadOnlyList<Contact> Due, bool HasLasting, DateTimeOffset? ApartSince)
{
    public static FormerContactsNews None { get; } = new([], false, null);
}
