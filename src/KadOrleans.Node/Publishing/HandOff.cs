using System.Threading.Channels;

namespace KadOrleans.Node;

/// <summary>Hands values off to verified new contacts (Kademlia §2.5), within one rate for all.</summary>
internal sealed class HandOff(
    IRoutingTable table,
    IKeyStore store,
    ValueCopies copies,
    Func<Contact, ValueTask<bool>> isThere,
    MaintenanceUpload upload,
    KademliaOptions options,
    AddressRangeSet trusted,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>Queued contacts. A further one is dropped; republishing reaches it later.</summary>
    private const int MaxWaiting = 1_024;

    /// <summary>One contact an hour of a public network (/24, /48), whose hosts can take ever new ids.</summary>
    private static readonly TokenRate NetworkRate = new(1 / 3_600.0, 1);

    /// <summary>Contacts served concurrently: a slow one, or one slow on purpose, delays no other.</summary>
    private const int MaxServed = 64;

    /// <summary>STOREs per second to all contacts: 1.1 million an hour.</summary>
    private const double Rate = 320;

    /// <summary>How long a contact is served while others wait. Republishing reaches it with the rest.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMinutes(1);

    /// <summary>
    /// What another node stored so long before a contact was met, as long as a lookup takes at most, is not handed to it: that node has just
    /// sent the value to the nearest.
    /// </summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(15);

    /// <summary>How long a newcomer may lack keys that it is the nearest to, and so hands none of them to the next one.</summary>
    private static readonly TimeSpan RecentFor = TimeSpan.FromMinutes(10);

    /// <summary>Keys in a row that the store does not give before a contact's turn ends: a shard or a file is away.</summary>
    private const int MaxUnread = 8;

    /// <summary>Passes over the keys for the same newcomers: after the first, each is without contacts that turned out to have left.</summary>
    private const int MaxPasses = 3;

    /// <summary>
    /// How long newcomers gather after a pass, by what it took: of those that come one by one each would cost a pass of its own. So passes take a
    /// tenth of the time.
    /// </summary>
    private const int RestFactor = 9;

    /// <summary>The longest that a newcomer waits for others.</summary>
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(10);

    private readonly SendPace _pace = new(time, Rate);

    // Of how many nearest contacts a newcomer must be one: more than k, as some may have left.
    private readonly int _reach = HandOffRule.GetReach(options.BucketSize);

    private readonly Channel<(Contact Contact, DateTimeOffset MetAt)> _newcomers = Channel.CreateBounded<(Contact, DateTimeOffset)>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly NetworkTurns _networks = new(NetworkRate, trusted);

    // Newcomers that are to be planned for, and those of the last minutes, and when they were met. Only the loop uses them.
    private readonly Dictionary<Contact, DateTimeOffset> _met = [];
    private readonly Dictionary<Contact, DateTimeOffset> _recent = [];

    // Contacts being served. Only the loop adds and removes.
    private readonly List<Task> _served = [];
    private volatile bool _isFull;

    // What the passes for the last newcomers took. Only the loop uses it.
    private TimeSpan _passesTook;

    public void Enqueue(Contact newcomer)
    {
        // Most newcomers of a large network are near no key here, and cost no scan.
        if (HandOffRule.MayApply(table.Snapshot, newcomer.Id, _reach, HandOffPlan.MostInTheWay) && _networks.TryTake(newcomer.Endpoint, time.GetUtcNow()))
        {
            _newcomers.Writer.TryWrite((newcomer, time.GetUtcNow()));
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await new MaintenanceJob(nameof(HandOff), CheckAsync).RunAsync(time, logger, cancellationToken);
        await Task.WhenAll(_served);
    }

    private async Task<TimeSpan> CheckAsync(CancellationToken cancellationToken)
    {
        if (_met.Count == 0)
        {
            await _newcomers.Reader.WaitToReadAsync(cancellationToken);
        }

        while (_met.Count < MaxWaiting && _newcomers.Reader.TryRead(out var another))
        {
            _met.TryAdd(another.Contact, another.MetAt);
        }

        // If the store does not show its keys, the newcomers stay, and are planned for when the job is tried again.
        var plan = await PlanAsync(_met, cancellationToken);
        var plannedAt = time.GetUtcNow();
        var newcomers = new Dictionary<Contact, DateTimeOffset>(_met);
        _met.Clear();
        KeepRecent(newcomers);
        foreach (var (newcomer, keys) in plan.Found)
        {
            _isFull = _served.Count >= MaxServed;
            if (_isFull)
            {
                await Task.WhenAny(_served);
                _isFull = false;
            }

            _served.RemoveAll(static task => task.IsCompleted);
            cancellationToken.ThrowIfCancellationRequested();
            _served.Add(ServeAsync(newcomer, newcomers[newcomer], plannedAt, keys, cancellationToken));
        }

        var rest = _passesTook * RestFactor;
        return rest < LongestRest ? rest : LongestRest;
    }

    // One pass for all of them: after a start all saved contacts are new, and there may be a million keys. One more where a contact that was
    // to hand off has left: a node that asks its neighbours seldom would leave the newcomers without.
    private async Task<HandOffPlan> PlanAsync(Dictionary<Contact, DateTimeOffset> newcomers, CancellationToken cancellationToken)
    {
        var (asked, gone) = (newcomers.Keys.ToHashSet(), new HashSet<Contact>());
        _passesTook = TimeSpan.Zero;
        for (var pass = 1; ; pass++)
        {
            var plan = new HandOffPlan(Without(gone), newcomers.Keys, _recent.Keys, _reach);
            var begunAt = time.GetTimestamp();
            await store.VisitAsync(plan.Region, life => Consider(plan, life), cancellationToken);
            _passesTook += time.GetElapsedTime(begunAt);
            var silent = pass == MaxPasses ? [] : await FindSilentAsync([.. plan.InTheWay.Where(asked.Add)]);
            cancellationToken.ThrowIfCancellationRequested();
            if (silent.Count == 0)
            {
                return plan;
            }

            gone.UnionWith(silent);
        }

        void Consider(HandOffPlan plan, KeyLife life)
        {
            if (life.ExpiresAt > time.GetUtcNow())
            {
                plan.Consider(life.Key);
            }
        }
    }

    private void KeepRecent(Dictionary<Contact, DateTimeOffset> newcomers)
    {
        var now = time.GetUtcNow();
        foreach (var (contact, _) in _recent.Where(one => now - one.Value > RecentFor).ToList())
        {
            _recent.Remove(contact);
        }

        foreach (var (contact, metAt) in newcomers.Take(MaxWaiting - _recent.Count))
        {
            _recent[contact] = metAt;
        }
    }

    private RoutingTableSnapshot Without(HashSet<Contact> gone)
    {
        var snapshot = table.Snapshot;
        return gone.Count == 0
            ? snapshot
            : new RoutingTableSnapshot(snapshot.OwnId, snapshot.Version, [.. snapshot.Contacts.Where(contact => !gone.Contains(contact))]);
    }

    private async Task<List<Contact>> FindSilentAsync(List<Contact> contacts)
    {
        var answers = await Task.WhenAll(contacts.Select(async contact => await isThere(contact)));
        return [.. contacts.Where((_, index) => !answers[index])];
    }

    // A node that joins gets values while it still meets those that hold them. What was stored once more after the plan, as by upkeep, which need not
    // know the newcomer, was held before.
    private static bool IsSettled(StoredValue held, DateTimeOffset metAt, DateTimeOffset plannedAt) =>
        held.Source.IsTrusted || metAt - held.StoredAt >= Settling || held.StoredAt > plannedAt;

    private async Task ServeAsync(
        Contact newcomer, DateTimeOffset metAt, DateTimeOffset plannedAt, IReadOnlyList<NodeId> keys, CancellationToken cancellationToken)
    {
        var run = new HandOffRun(copies, newcomer);
        var (begunAt, unread) = (time.GetTimestamp(), 0);
        try
        {
            foreach (var key in keys)
            {
                await run.WaitForRoomAsync(cancellationToken);
                if (run.IsRefused || (_isFull && time.GetElapsedTime(begunAt) > Turn))
                {
                    break;
                }

                StoredValue? held;
                try
                {
                    held = await store.GetAsync(key, time.GetUtcNow(), cancellationToken);
                    unread = 0;
                }
                catch (KeyStoreException) when (++unread < MaxUnread)
                {
                    continue;
                }

                if (held is not null && IsSettled(held, metAt, plannedAt))
                {
                    await _pace.WaitAsync(1, cancellationToken);
                    await upload.WaitAsync(held.Value, stores: 1, queries: 0, cancellationToken);
                    run.Send(key, held.Value);
                }
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                logger.MaintenanceFailed(nameof(HandOff), e);
            }
        }

        await run.Ended;
        logger.ValuesHandedOff(run.Sent);
    }
}

/// <summary>The hand-off to one contact: a window of concurrent STOREs.</summary>
internal sealed class HandOffRun(ValueCopies copies, Contact newcomer)
{
    /// <summary>The window grows to this with the STOREs taken. At a round trip of 100 ms it reaches the whole rate.</summary>
    private const int MaxWindow = 32;

    /// <summary>Refusals before it ends: a contact may hold some newer values, but a full one gets no more.</summary>
    private const int MaxRefusals = 8;

    /// <summary>Consecutive STOREs without a response before it ends, as the contact has left.</summary>
    private const int MaxFailures = 8;

    // Guards changes of the counts.
    private readonly Lock _gate = new();
    private readonly List<Task> _pending = [];
    private volatile int _refused;
    private volatile int _failed;

    public int Sent { get; private set; }

    public bool IsRefused => _refused > MaxRefusals || _failed >= MaxFailures;

    private int Window => Math.Min(MaxWindow, 1 + Sent);

    public Task Ended => Task.WhenAll(_pending);

    public async Task WaitForRoomAsync(CancellationToken cancellationToken)
    {
        while (_pending.RemoveAll(static task => task.IsCompleted) is var _ && _pending.Count >= Window)
        {
            await Task.WhenAny(_pending);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public void Send(NodeId key, DhtValue value) => _pending.Add(SendAsync(key, value));

    private async Task SendAsync(NodeId key, DhtValue value)
    {
        var result = await TrySendAsync(key, value);
        if (result == CopyResult.Unanswered && !IsRefused)
        {
            // A request is retried once. What is lost even so gets one more chance, in another turn: others of the key have waited.
            result = await TrySendAsync(key, value);
        }

        lock (_gate)
        {
            _refused += result == CopyResult.Refused ? 1 : 0;
            _failed = result == CopyResult.Unanswered ? _failed + 1 : result == CopyResult.Skipped ? _failed : 0;
            Sent += result == CopyResult.Taken ? 1 : 0;
        }
    }

    private async Task<CopyResult> TrySendAsync(NodeId key, DhtValue value)
    {
        try
        {
            return await copies.SendHeldAsync(key, value, newcomer);
        }
        catch (KeyStoreException)
        {
            // Republishing reaches the contact later.
            return CopyResult.Skipped;
        }
    }
}
