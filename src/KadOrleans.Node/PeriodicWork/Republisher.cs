using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using KadOrleans.Core.Items;

namespace KadOrleans.Node;

/// <summary>
/// Republishes held values and own publications (Kademlia §2.5), and undoes nothing that was stored, set or unpublished meanwhile. The
/// lookups take seconds, so each value is checked again after them, in the key's turn, just before it is sent. What then changes here is
/// conditional on what was read, and the store's writer decides that.
/// </summary>
internal sealed class Republisher(DhtNode node, IKeyStore store, IPublicationStore publications, NodeEnvironment environment)
{
    /// <summary>Values sent concurrently: one waits for its slowest contact, and fewer would not reach the rate.</summary>
    private const int MaxParallel = 2_048;

    private const int MaxPending = 16;

    /// <summary>How often others take the places of holders that do not answer a STORE: each time, a client's set of the key waits for its end.</summary>
    private const int MaxReplacements = 2;

    /// <summary>Between two tries to read what has replaced a value, while the store does not answer.</summary>
    private static readonly TimeSpan CorrectionPause = TimeSpan.FromSeconds(5);

    /// <summary>Between two values while requests have to wait: the least rate.</summary>
    private static readonly TimeSpan GiveWay = TimeSpan.FromSeconds(1 / RepublishPace.Least);

    /// <summary>A cluster's shard answers by then, though its silo has died.</summary>
    private const int MaxCorrectionTries = 12;

    /// <summary>
    /// Publications of which the store could not write that they were sent: 10 MB without values. A file has 10,000 by default. As many held values:
    /// further ones go out each minute.
    /// </summary>
    private const int MaxUnwritten = 65_536;

    /// <summary>
    /// After which offered values that nobody answered are sent again: their shard offers them again in an hour, and datagrams may have been lost
    /// for a moment.
    /// </summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromMinutes(5);

    /// <summary>Keys that one sweep has: 20 MB, and a minute's work at the highest rate.</summary>
    private const int MaxCollected = 262_144;

    private readonly TimeProvider _time = environment.Time;
    private readonly SendPace _pace = new(environment.Time, 1);
    private readonly SweepLookups _lookups = SweepLookups.Of(node, environment.Time);
    private readonly ContactWindows _windows = node.Windows;
    private readonly SweepWatch _watch = node.Sweeps;
    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<Republisher>();

    // Keys, or null for a check of everything. Bounded by its callers: one check, and the keys that a schedule accepted.
    private readonly Channel<(SweptKey[]? Keys, RepublishBatch Batch)> _work =
        Channel.CreateUnbounded<(SweptKey[]?, RepublishBatch)>(new UnboundedChannelOptions { SingleReader = true });

    // Drops the newest when full: the next check finds the publication.
    private readonly Channel<NodeId> _soon = Channel.CreateBounded<NodeId>(
        new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropWrite });

    // One entry for each value being sent.
    private readonly Channel<bool> _room = Channel.CreateBounded<bool>(MaxParallel);

    // When a region's values went out last, by the bits that they share. Of one loop. Bounded: a network has few regions.
    private readonly Dictionary<NodeId, long> _sentRegions = [];

    // Publications that were sent while the store could not write that: as it has them, and when. They would go out again each minute.
    private readonly ConcurrentDictionary<NodeId, (Publication Before, DateTimeOffset SentAt)> _unwritten = [];

    // Held values that went out, or whose owner has a newer item elsewhere, while the store could not write that, and when. Likewise.
    private readonly ConcurrentDictionary<NodeId, DateTimeOffset> _unnoted = [];

    // Of times that were noted here. Changed by one loop.
    private volatile SteadyAges _ages = new(environment.Time.GetUtcNow(), environment.Time.GetElapsedTime(0));

    // Offered values that nobody answered; as many as a sweep has.
    private readonly ConcurrentDictionary<NodeId, bool> _unanswered = [];

    // 1 while a check of everything is queued, which is enough.
    private int _lookWaits;

    private KademliaOptions Kademlia => node.Options.Kademlia;

    public void Enqueue(MaintenanceTask work)
    {
        if (work is MaintenanceTask.RepublishKeys some)
        {
            var batch = new RepublishBatch(some.Ended, _watch)
            {
                Depth = node.RegionDepth,
                MostOverdue = RepublishPolicy.MostOverdueAtCheck(Kademlia),
            };
            Func<NodeId, StoredValue, bool>? isDue = some.IsAfterCut ? null : IsDueAtCheck;
            SweptKey[] keys = [.. some.Keys.Select(key => new SweptKey(key, isDue, batch) { IsOffered = !some.IsAfterCut })];
            _watch.Add(keys);
            _work.Writer.TryWrite((keys, batch));
        }
        else if (Interlocked.Exchange(ref _lookWaits, 1) == 0)
        {
            _watch.AskForLook();
            _work.Writer.TryWrite((null, RepublishBatch.None));
        }
    }

    public void PublishSoon(NodeId key) => _soon.Writer.TryWrite(key);

    public IEnumerable<MaintenanceJob> Jobs =>
    [
        MaintenanceJob.Once(nameof(Republisher), SendPendingAsync),
        MaintenanceJob.Once(nameof(Republisher), WorkAsync),
        new MaintenanceJob(nameof(Republisher), _ => Task.FromResult(RetryUnanswered())),
    ];

    private TimeSpan RetryUnanswered()
    {
        if (node.HasGoodContact && _unanswered.Keys is { Count: > 0 } keys)
        {
            Enqueue(new MaintenanceTask.RepublishKeys([.. keys.Where(key => _unanswered.TryRemove(key, out var _))]));
        }

        return RetryPause;
    }

    private async Task SendPendingAsync(CancellationToken cancellationToken)
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                var key = await _soon.Reader.ReadAsync(cancellationToken);
                if (running.Count >= MaxPending)
                {
                    await Task.WhenAny(running);
                    running.RemoveAll(static task => task.IsCompleted);
                }

                running.Add(SendAsync(new SweptKey(key, static (_, _) => false, RepublishBatch.None), keysNear: 1, cancellationToken));
            }
        }
        finally
        {
            await Task.WhenAll(running);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _work.Reader.WaitToReadAsync(cancellationToken))
            {
                await SweepAsync(cancellationToken);
            }
        }
        finally
        {
            await DrainAsync();
        }
    }

    /// <summary>
    /// Sends what waits, as one sweep: shards give their keys piece by piece. Returns once all have begun, but after a check of everything
    /// once all of that is sent: a check before would find it again. A check that fails is thrown when what waits beside it is sent.
    /// </summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        var (keys, batches) = (new List<SweptKey>(), new List<RepublishBatch>());
        Task checkedAll = Task.CompletedTask;
        ExceptionDispatchInfo? failure = null;
        while (keys.Count < MaxCollected && _work.Reader.TryRead(out var work))
        {
            if (work.Keys is { } some)
            {
                batches.Add(work.Batch);
                keys.AddRange(some);
                continue;
            }

            Interlocked.Exchange(ref _lookWaits, 0);
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var batch = new RepublishBatch(done.SetResult, _watch) { Depth = node.RegionDepth, MostOverdue = _watch.BeginLook() };
            checkedAll = done.Task;
            batches.Add(batch);
            try
            {
                keys.AddRange(await LookAsync(batch, cancellationToken));
            }
            catch (Exception e)
            {
                // The keys that were taken from the queue before it go out all the same: nobody gives them again.
                failure = ExceptionDispatchInfo.Capture(e);
            }

            // Another look, before this is sent, would find all of it again.
            break;
        }

        try
        {
            await SendAllAsync(keys, cancellationToken);
        }
        finally
        {
            batches.ForEach(End);
            await checkedAll;
        }

        failure?.Throw();
    }

    private async Task<IReadOnlyList<SweptKey>> LookAsync(RepublishBatch batch, CancellationToken cancellationToken)
    {
        var isComplete = false;
        try
        {
            if (node.RoutingTable.Count == 0 && !node.MayBeFirst)
            {
                // What is due waits until somebody is there.
                node.Metrics.Add(NodeMetrics.SweepsCutOff);
                return [];
            }

            var (found, ripe) = await FindDueAsync(batch, cancellationToken);
            _watch.Add(found);
            isComplete = ripe <= MaxCollected;
            return found;
        }
        finally
        {
            _watch.EndLook(isComplete);
        }
    }

    /// <summary>All that is due, with how many keys of the same region go out within an hour, and how many held values could go out.</summary>
    private async Task<(IReadOnlyList<SweptKey> Due, long Ripe)> FindDueAsync(RepublishBatch batch, CancellationToken cancellationToken)
    {
        _ages = _ages.Observe(_time.GetUtcNow(), _time.GetElapsedTime(0));
        var (ripe, due, depth) = (new DueKeys(MaxCollected), new HashSet<NodeId>(), batch.Depth);
        var depthNear = _lookups.Depth;
        ForgetNoted();
        await store.VisitAsync(KeyRegion.Everywhere, Collect, cancellationToken);
        NoteSent(due);
        var taken = ripe.Take().Where(one => due.Contains(one.Key.Prefix(depth))).ToList();
        var near = await CountNearAsync(taken.Select(one => one.Key.Prefix(depthNear)), depthNear, cancellationToken);
        var held = taken.Select(one => new SweptKey(one.Key, IsRipe, batch)
        {
            KeysNear = near[one.Key.Prefix(depthNear)],
            Overdue = batch.Bound(RepublishPolicy.GetLateness(one.StoredAt, _time.GetUtcNow(), Kademlia)),
        });
        return ([.. (await FindDuePublicationsAsync(batch, cancellationToken)).Concat(held).DistinctBy(static due => due.Key)], ripe.Count);

        void Collect(KeyLife life)
        {
            var now = _time.GetUtcNow();
            var storedAt = AsNoted(life.Key, _ages.ByPresentClock(life.StoredAt, now));
            if (RepublishPolicy.IsRipe(storedAt, life.ExpiresAt, now, Kademlia) && (life.IsKept || IsResponsible(life.Key)))
            {
                ripe.Add(life.Key, storedAt);
                var region = life.Key.Prefix(depth);
                if (RepublishPolicy.IsDue(life.Key, storedAt, life.ExpiresAt, node.Id, depth, _sentRegions.ContainsKey(region), now, Kademlia))
                {
                    due.Add(region);
                }
            }
        }
    }

    /// <summary>When a held value was stored or sent last, if the store could not write that.</summary>
    private DateTimeOffset AsNoted(NodeId key, DateTimeOffset storedAt) =>
        _unnoted.TryGetValue(key, out var sentAt) && sentAt > storedAt ? sentAt : storedAt;

    // Of a cluster the shard offers it once an hour, and this node looks for none.
    private void NoteHere(SweptKey swept)
    {
        if (!swept.IsOffered && (_unnoted.Count < MaxUnwritten || _unnoted.ContainsKey(swept.Key)))
        {
            _unnoted[swept.Key] = _time.GetUtcNow();
        }
    }

    // Those that are due again, those of a clock that has been set back, and those of keys that are held no longer.
    private void ForgetNoted()
    {
        var now = _time.GetUtcNow();
        foreach (var (key, sentAt) in _unnoted)
        {
            if (sentAt > now || now - sentAt >= Kademlia.RepublishInterval)
            {
                _unnoted.TryRemove(key, out _);
            }
        }
    }

    /// <summary>How many keys are held of each region. A region goes out once an hour, so most looks count none.</summary>
    private async Task<Dictionary<NodeId, int>> CountNearAsync(IEnumerable<NodeId> regions, int depth, CancellationToken cancellationToken)
    {
        var near = regions.Distinct().ToDictionary(static region => region, static _ => 0);
        if (near.Count > 0)
        {
            await store.VisitAsync(KeyRegion.Everywhere, Count, cancellationToken);
        }

        return near;

        void Count(KeyLife life)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(near, life.Key.Prefix(depth));
            if (!Unsafe.IsNullRef(ref count))
            {
                count++;
            }
        }
    }

    // A region's values go out each hour: whoever has not sent any for longer is no longer the one that goes first.
    private void NoteSent(IEnumerable<NodeId> regions)
    {
        var now = _time.GetTimestamp();
        foreach (var (region, sentAt) in _sentRegions.ToList())
        {
            if (_time.GetElapsedTime(sentAt, now) > Kademlia.RepublishInterval * 2)
            {
                _sentRegions.Remove(region);
            }
        }

        foreach (var region in regions)
        {
            _sentRegions[region] = now;
        }
    }

    private async Task<IEnumerable<SweptKey>> FindDuePublicationsAsync(RepublishBatch batch, CancellationToken cancellationToken)
    {
        var (ripe, due, depth) = (new Dictionary<NodeId, List<SweptKey>>(), new HashSet<NodeId>(), _lookups.Depth);
        await WriteSentAsync(cancellationToken);
        await foreach (var (key, held) in publications.ScanAsync(cancellationToken))
        {
            var publication = AsSent(key, held);
            if (IsRipe(publication))
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(ripe, key.Prefix(depth), out _) ??= []).Add(new SweptKey(key, IsRipe, batch)
                {
                    IsPublication = true,
                    Overdue = batch.Bound(LatenessOf(publication)),
                });
                if (IsDue(publication))
                {
                    due.Add(key.Prefix(depth));
                }
            }
        }

        return ripe.Where(region => due.Contains(region.Key))
            .SelectMany(region => region.Value, static (region, one) => one with { KeysNear = region.Value.Count });
    }

    // Until the first one that the store does not write, either.
    private async Task WriteSentAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, (before, sentAt)) in _unwritten)
        {
            if (!IsWritten(await TryWriteSentAsync(key, before, sentAt, cancellationToken)))
            {
                return;
            }

            _unwritten.TryRemove(key, out _);
        }
    }

    private async Task<StoreResult> TryWriteSentAsync(NodeId key, Publication before, DateTimeOffset sentAt, CancellationToken cancellationToken)
    {
        try
        {
            return await publications.ReplaceAsync(key, before, AsSentAt(before, sentAt), cancellationToken);
        }
        catch (KeyStoreException) when (publications.GetCondition(before) is null)
        {
            return StoreResult.StorageFailed;
        }
    }

    // Superseded: by a set, which goes out itself.
    private static bool IsWritten(StoreResult result) => result is StoreResult.Stored or StoreResult.Superseded;

    // A publication with the time at which it was sent, if that is not in the store.
    private Publication AsSent(NodeId key, Publication publication) =>
        _unwritten.TryGetValue(key, out var sent) && sent.Before == publication ? AsSentAt(publication, sent.SentAt) : publication;

    private static Publication AsSentAt(Publication publication, DateTimeOffset sentAt) =>
        publication with { PublishedAt = sentAt, IsPending = false };

    /// <summary>Sends keys, region by region. Returns when all have begun: what follows need not wait for the slowest.</summary>
    private async Task SendAllAsync(List<SweptKey> keys, CancellationToken cancellationToken)
    {
        var rate = RepublishPace.GetRate(keys.Count, node.Options.RepublishRate);
        foreach (var swept in SweepOrder.Arrange(keys, static swept => swept.Key))
        {
            await _pace.WaitAsync(1 / rate, cancellationToken);
            if (node.Lag.IsNoticed)
            {
                // Requests come first.
                await Task.Delay(GiveWay, _time, cancellationToken);
            }

            await _room.Writer.WriteAsync(true, cancellationToken);
            swept.Batch.Begin();
            _ = SendWithinRoomAsync(swept, swept.KeysNear ?? SweepOrder.CountNear(keys, static swept => swept.Key, swept.Key, _lookups.Depth));
        }

        async Task SendWithinRoomAsync(SweptKey swept, int keysNear)
        {
            await SendAsync(swept, keysNear, cancellationToken);
            _watch.End(swept);
            End(swept.Batch);
            _room.Reader.TryRead(out _);
        }
    }

    private void End(RepublishBatch batch)
    {
        if (batch.End() && batch.Republished + batch.Published > 0)
        {
            _logger.ValuesRepublished(batch.Republished, batch.Published);
        }
    }

    private async Task DrainAsync()
    {
        for (var i = 0; i < MaxParallel; i++)
        {
            await _room.Writer.WriteAsync(true);
        }

        for (var i = 0; i < MaxParallel; i++)
        {
            _room.Reader.TryRead(out _);
        }
    }

    /// <summary>Sends a key if it is due. Without a rule it is: also if the nodes responsible for it are others since a cut is over.</summary>
    private async Task SendAsync(SweptKey swept, int keysNear, CancellationToken cancellationToken)
    {
        var (key, isDue) = (swept.Key, swept.IsDue);
        try
        {
            var published = await publications.GetAsync(key, cancellationToken);
            if (published is { } publication && AsSent(key, publication) is var sent && (swept.IsPublication ? IsRipe(sent) : IsDue(sent)))
            {
                Count(swept, await PublishAsync(swept, publication, keysNear, cancellationToken), isPublication: true);
                return;
            }

            var held = await store.GetAsync(key, _time.GetUtcNow(), cancellationToken);
            if (held is null || isDue?.Invoke(key, held) == false)
            {
                return;
            }

            if (isDue is not null && !held.IsKept && !IsResponsible(key))
            {
                await PassOverAsync(swept, held, cancellationToken);
            }
            else
            {
                await WaitForUploadAsync(held.Value, queries: 0, cancellationToken);
                Count(swept, await SpreadAsync(swept, held, published, keysNear, cancellationToken), isPublication: false);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                _watch.Fail(swept);
                _logger.MaintenanceFailed(nameof(Republisher), e);
            }
        }
    }

    // Open: a held value went out as it was due, a publication may be another one by now.
    private void Count(SweptKey swept, Sending result, bool isPublication)
    {
        switch (result)
        {
            case Sending.Noted when isPublication:
                swept.Batch.CountPublished();
                node.Metrics.Add(NodeMetrics.Published);
                break;
            case Sending.Noted:
            case Sending.Open when !isPublication:
                swept.Batch.CountRepublished();
                node.Metrics.Add(NodeMetrics.Republished);
                break;
            case Sending.Alone:
                break;
            case Sending.Refused:
                node.Metrics.Add(NodeMetrics.RefusedByAll);
                break;
            case Sending.Unanswered:
                node.Metrics.Add(NodeMetrics.Unanswered);
                _watch.Fail(swept);
                if (swept.IsOffered && _unanswered.Count < MaxCollected)
                {
                    _unanswered[swept.Key] = true;
                }

                return;
            case Sending.NotSent or Sending.Open:
                return;
            default:
                throw new UnreachableException($"No rule for {result}.");
        }

        _watch.NoteAnswered(swept);
    }

    // Of lookups: those for a region wait themselves.
    private Task WaitForUploadAsync(DhtValue value, int queries, CancellationToken cancellationToken)
    {
        var contacts = Math.Min(node.RoutingTable.Count, Kademlia.BucketSize);
        return node.Upload.WaitAsync(value, contacts, Math.Min(queries, contacts), cancellationToken);
    }

    /// <summary>
    /// Sends a held value with the life that is left, or a kept item with a full one. It is not sent if it, or another one, was stored meanwhile,
    /// which is not due.
    /// </summary>
    private async Task<Sending> SpreadAsync(
        SweptKey swept, StoredValue found, Publication? published, int keysNear, CancellationToken cancellationToken)
    {
        var (key, value) = (swept.Key, found.Value);
        var holders = await _lookups.FindHoldersAsync(key, keysNear, cancellationToken);
        if (swept.IsDue is not null && !found.IsKept && !IsResponsible(key, holders.Closest))
        {
            await PassOverAsync(swept, found, cancellationToken);
            return Sending.NotSent;
        }

        using var pass = await EnterAsync(key, holders, cancellationToken);
        List<Contact> asked = [.. pass.Contacts];
        var result = found.IsKept && await TakeNewerAsync(key, found, pass, cancellationToken) is { } newer
            ? AfterNewer(swept, newer)
            : await node.Turns.RunAsync(
                key,
                async () => await store.GetCurrentAsync(key, _time.GetUtcNow(), cancellationToken) is { } held && held.Value == value
                    && swept.IsDue?.Invoke(key, held) != false
                        ? await SendHeldAsync(swept, held, holders, pass, asked, cancellationToken)
                        : Sending.NotSent,
                cancellationToken);
        if (result == Sending.Replaced)
        {
            // To those that what it replaces went to, or was to.
            return await SendLatestAsync(key, value, published, holders with { Closest = asked }, cancellationToken);
        }

        if (result is Sending.Unanswered or Sending.Refused or Sending.Open)
        {
            await SendLatestAsync(key, value, published, holders, cancellationToken);
        }

        return result;
    }

    // The copy then counts as stored now, and changes nothing else: without a mark it brings no publication back, and if anything was
    // stored since it was read, the same value with a shorter life too, it is superseded.
    // Unanswered it stays due. Refused by all it rests for an interval: they would refuse it again.
    private async Task<Sending> SendHeldAsync(
        SweptKey swept, StoredValue held, LookupOutcome holders, ContactPass pass, List<Contact> asked, CancellationToken cancellationToken)
    {
        var (key, now) = (swept.Key, _time.GetUtcNow());
        var life = Kademlia.LifeOf(held, now);
        _watch.NoteLateness(swept, RepublishPolicy.GetLateness(ByPresentClock(held.StoredAt), now, Kademlia));
        var sent = await node.Publisher.SendAsync(key, held.Value, life, holders, isChosen: false, held.IsAuthored, cancellationToken, pass);
        var others = await SendToOthersAsync(key, held.Value, life, holders, pass, held.IsAuthored, cancellationToken);
        var total = sent with { Stored = sent.Stored + others.Stored, Refused = sent.Refused + others.Refused };
        asked.AddRange(others.Answered.Except(asked).ToList());
        var sending = SendingOf(total);
        if (sending == Sending.Unanswered)
        {
            return sending;
        }

        if (held.IsKept && total.Refused > 0 && await node.TakeNewerAsync(key, held, others.Answered, cancellationToken) is { } newer)
        {
            return AfterNewer(swept, newer);
        }

        var noted = await NoteStoredAsync(key, held, cancellationToken);
        if (noted is StoreResult.StorageFailed or StoreResult.Busy)
        {
            NoteHere(swept);
        }

        return sending == Sending.Open && noted == StoreResult.Stored ? Sending.Noted : sending;
    }

    private Sending SendingOf(SetResult result) =>
        result.Stored > 0 ? Sending.Open
        : result.Refused > 0 ? Sending.Refused
        : node.IsCutOff(result) ? Sending.Unanswered
        : Sending.Alone;

    private ValueTask<StoreResult> NoteStoredAsync(NodeId key, StoredValue held, CancellationToken cancellationToken) => store.PutAsync(
        key,
        held with { StoredAt = _time.GetUtcNow(), PublishedAt = null, IsKept = false },
        new PutTerms(PutKind.Copy) { Condition = PutCondition.SameValue with { StoredBy = held.StoredAt } },
        cancellationToken);

    // Others are the value's holders, and keep it. A schedule that offers what is due until it is not any more would look for it all the time, and
    // say that nobody has sent it: it is due again after an interval. An edge that has just begun does not know all ids of its cluster.
    private async Task PassOverAsync(SweptKey swept, StoredValue held, CancellationToken cancellationToken)
    {
        if (swept.IsOffered && node.Siblings.AreSettled)
        {
            node.Metrics.Add(NodeMetrics.PassedOver);
            await NoteStoredAsync(swept.Key, held, cancellationToken);
        }
    }

    // OlderItem: the store has an even newer one by now. Superseded: it has another one, or none, as the key was deleted. Where it has taken none,
    // what it holds is not sent, as others have the newer, and the newer is asked for again when the key is due again.
    private Sending AfterNewer(SweptKey swept, StoreResult newer)
    {
        if (newer is StoreResult.Stored or StoreResult.OlderItem or StoreResult.Superseded)
        {
            return Sending.Replaced;
        }

        NoteHere(swept);
        return Sending.NotSent;
    }

    // Who keeps an item gets no STORE of a newer one where it is not among the k nearest. Nodes of this project refuse the older one, and are asked
    // then. Others, which give no write tokens, take it in place of the newer, so they are asked before.
    private async Task<StoreResult?> TakeNewerAsync(NodeId key, StoredValue held, ContactPass pass, CancellationToken cancellationToken)
    {
        var tokens = await Task.WhenAll(pass.Contacts.Select(async contact => await node.Tokens.GetAsync(contact)));
        List<Contact> unaware = [.. pass.Contacts.Zip(tokens).Where(one => one.Second is { IsNone: true }).Select(one => one.First)];
        return unaware.Count > 0 ? await node.TakeNewerAsync(key, held, unaware, cancellationToken) : null;
    }

    /// <summary>
    /// The room that a value's holders have. Others take the places of those that have none; of these, those that answer no more are no part
    /// of their region.
    /// </summary>
    private async Task<ContactPass> EnterAsync(NodeId key, LookupOutcome holders, CancellationToken cancellationToken)
    {
        var pass = await _windows.EnterAsync(holders.Closest, cancellationToken);
        if (pass.Contacts.Count < holders.Closest.Count)
        {
            List<Contact> missing = [.. holders.Closest.Except(pass.Contacts)];
            missing.FindAll(contact => _windows.IsLeftOut(contact.Endpoint)).ForEach(_lookups.Leave);
            _windows.TryEnter(pass, _lookups.Replace(key, holders.Closest, missing));
        }

        return pass;
    }

    /// <summary>Sends it in place of those that did not answer, as far as their region is known.</summary>
    /// <returns>How many of these others took and refused it, and all that have answered, those of the pass too.</returns>
    private async Task<(int Stored, int Refused, IReadOnlyList<Contact> Answered)> SendToOthersAsync(
        NodeId key, DhtValue value, TimeSpan? life, LookupOutcome holders, ContactPass pass, bool isAuthored, CancellationToken cancellationToken)
    {
        List<Contact> asked = [.. holders.Closest.Union(pass.Contacts)];
        List<Contact> missing = [.. asked.Except(pass.Contacts)];
        var (unanswered, stored, refused) = (pass.Unanswered, 0, 0);
        for (var replaced = 0; replaced < MaxReplacements && unanswered.Count > 0; replaced++)
        {
            missing.AddRange(unanswered);
            using var others = _windows.TryEnter(_lookups.Replace(key, asked, missing));
            if (others.Contacts.Count == 0)
            {
                break;
            }

            var sent = await node.Publisher.SendAsync(key, value, life, holders, isChosen: false, isAuthored, cancellationToken, others);
            (stored, refused) = (stored + sent.Stored, refused + sent.Refused);
            asked.AddRange(others.Contacts);
            unanswered = others.Unanswered;
        }

        return (stored, refused, [.. asked.Except(missing).Except(unanswered)]);
    }

    private async Task<Sending> PublishAsync(SweptKey swept, Publication publication, int keysNear, CancellationToken cancellationToken)
    {
        var key = swept.Key;
        if (!publication.IsPending)
        {
            await WaitForUploadAsync(publication.Value, queries: Kademlia.BucketSize, cancellationToken);
        }

        // Before anybody is asked, as contacts that do not respond are dropped.
        var known = Math.Min(node.RoutingTable.Count, Kademlia.BucketSize);
        var holders = await _lookups.FindHoldersAsync(key, keysNear, cancellationToken);

        // Read before the network is asked: what it answers replaces this, and nothing that was stored since.
        var held = await store.GetCurrentAsync(key, _time.GetUtcNow(), cancellationToken);
        if (await FindLaterAsync(key, publication, held, holders, known, cancellationToken) is { } later)
        {
            await node.Turns.RunAsync(key, () => TakeOverAsync(key, publication, held, later, cancellationToken), cancellationToken);
            return Sending.NotSent;
        }

        using var pass = await EnterAsync(key, holders, cancellationToken);
        _watch.NoteLateness(swept, LatenessOf(publication));
        var result = await node.Turns.RunAsync(key, () => PublishAsync(key, publication, holders, pass, cancellationToken), cancellationToken);
        if (result is Sending.Unanswered or Sending.Refused or Sending.Open)
        {
            await SendLatestAsync(key, publication.Value, publication, holders, cancellationToken);
        }

        return result;
    }

    private async Task<Sending> PublishAsync(
        NodeId key, Publication publication, LookupOutcome holders, ContactPass? pass, CancellationToken cancellationToken)
    {
        if (await publications.GetAsync(key, cancellationToken) != publication)
        {
            return Sending.NotSent;
        }

        var terms = new PutTerms(PutKind.Publication) { Condition = publications.GetCondition(publication) };
        var life = FindLife(publication);
        var result = await node.Publisher.StoreAsync(key, publication.Value, life, holders, terms, cancellationToken, pass);
        if (result.Local == StoreResult.StorageFailed && terms.Condition is null && await HoldsNoOtherAsync(key, publication.Value, cancellationToken))
        {
            // The disk is full or has failed. What was read is published still: nobody but this node changes it, in the key's turn.
            result = await node.Publisher.SendAsync(key, publication.Value, life, holders, isChosen: false, isAuthored: true, cancellationToken, pass);
        }

        if (life is not null && result.Local == StoreResult.Outdated)
        {
            // What was set later stands.
            await NoteSentAsync(key, publication, cancellationToken);
            return Sending.Refused;
        }

        if (!ValuePublisher.IsSentAfter(result.Local, life))
        {
            return Sending.NotSent;
        }

        var others = pass is null ? default : await SendToOthersAsync(key, publication.Value, life, holders, pass, isAuthored: true, cancellationToken);
        var sending = SendingOf(result with { Stored = result.Stored + others.Stored, Refused = result.Refused + others.Refused });
        if (sending == Sending.Unanswered || (sending == Sending.Refused && result.Local != StoreResult.Stored))
        {
            return sending;
        }

        if (sending == Sending.Alone && result.Local != StoreResult.Stored)
        {
            return Sending.NotSent;
        }

        var noted = await NoteSentAsync(key, publication, cancellationToken);
        return sending == Sending.Alone ? sending
            : noted == StoreResult.Stored ? Sending.Noted
            : Sending.Open;
    }

    // Null is a full one. What this node could not send for a while, as it was cut off, has the life that it would have had: of two values that two
    // parts of a network set, the one that was set later stands, as it lives longer.
    private TimeSpan? FindLife(Publication publication)
    {
        var age = _time.GetUtcNow() - ByPresentClock(publication.PublishedAt);
        return publication.IsPending && age > StoreDecision.LatestStore && age < Kademlia.ValueTimeToLive / 2 ? Kademlia.ValueTimeToLive - age : null;
    }

    // Else this node would go on to return and to republish the other one.
    private async Task<bool> HoldsNoOtherAsync(NodeId key, DhtValue value, CancellationToken cancellationToken) =>
        await store.GetCurrentAsync(key, _time.GetUtcNow(), cancellationToken) is not { } held || held.Value == value;

    private async Task<StoreResult> NoteSentAsync(NodeId key, Publication publication, CancellationToken cancellationToken)
    {
        var sentAt = _time.GetUtcNow();
        var result = await TryWriteSentAsync(key, publication, sentAt, cancellationToken);
        if (IsWritten(result))
        {
            _unwritten.TryRemove(key, out _);
        }
        else if (publications.GetCondition(publication) is null && (_unwritten.Count < MaxUnwritten || _unwritten.ContainsKey(key)))
        {
            // Of a cluster the shard offers it once an hour.
            _unwritten[key] = (publication, sentAt);
        }

        return result;
    }

    /// <summary>
    /// Sends what was stored elsewhere in the cluster, or by the network, while an older value went out: of that, a late retry may have
    /// reached contacts after the newer value.
    /// </summary>
    /// <returns>What became of the last one of these; <see cref="Sending.NotSent"/> if there is none.</returns>
    private async Task<Sending> SendLatestAsync(
        NodeId key, DhtValue sent, Publication? before, LookupOutcome holders, CancellationToken cancellationToken)
    {
        var (sends, tries, last) = (0, 0, Sending.NotSent);
        while (sends < ValuePublisher.MaxCorrections && tries < MaxCorrectionTries)
        {
            try
            {
                var found = await node.Turns.RunAsync(
                    key, () => SendIfOtherAsync(key, sent, before, holders, cancellationToken), cancellationToken);
                if (found is not { } next)
                {
                    return last;
                }

                if (next.Value != sent)
                {
                    (sent, last, sends) = (next.Value, next.Result, sends + 1);
                    continue;
                }
            }
            catch (KeyStoreException) when (tries + 1 < MaxCorrectionTries)
            {
                // It is tried again, as what has changed before it was sent.
            }

            // Mostly it was confirmed by who had set it, and is there to be sent.
            await Task.Delay(++tries == 1 ? TimeSpan.Zero : CorrectionPause, _time, cancellationToken);
        }

        return last;
    }

    // The value that it sent, and what became of it; what was sent before if it could not send the other one. Null if the key has no other. A
    // publication of before goes out when it is due, once the network was asked: what was sent may be the value that others have published since.
    private async Task<(DhtValue Value, Sending Result)?> SendIfOtherAsync(
        NodeId key, DhtValue sent, Publication? before, LookupOutcome holders, CancellationToken cancellationToken)
    {
        if (await publications.GetAsync(key, cancellationToken) is { } publication && publication != before)
        {
            if (publication.Value == sent)
            {
                return null;
            }

            var published = await PublishAsync(key, publication, holders, pass: null, cancellationToken);
            return (published == Sending.NotSent ? sent : publication.Value, published);
        }

        var now = _time.GetUtcNow();
        if (await store.GetCurrentAsync(key, now, cancellationToken) is not { } held || held.Value == sent)
        {
            return null;
        }

        var result = await node.Publisher.SendAsync(
            key, held.Value, Kademlia.LifeOf(held, now), holders, isChosen: held.Source.IsTrusted, held.IsAuthored, cancellationToken);
        return (held.Value, SendingOf(result));
    }

    /// <summary>
    /// The other value that a majority of the k nearest has, if its life shows a later publication, or an owner's newer item that one of them has;
    /// else null.
    /// </summary>
    private async Task<StoredValue?> FindLaterAsync(
        NodeId key, Publication publication, StoredValue? held, LookupOutcome holders, int known, CancellationToken cancellationToken)
    {
        var found = await node.Lookups.AskHoldersAsync(key, holders.Closest, cancellationToken);
        if (Judge(key, publication, held, found, known) is { } later)
        {
            return later;
        }

        if (!IsDisputed(key, publication, found))
        {
            return null;
        }

        // Nodes may be nearer that this one has not heard of, as they came since the region was surveyed. Before surveys each publication had such a
        // lookup.
        await node.Upload.WaitAsync(default, stores: 0, Kademlia.BucketSize, cancellationToken);
        node.Metrics.Add(NodeMetrics.SweepLookups);
        return Judge(key, publication, held, await node.Lookups.AskAllHoldersAsync(key, cancellationToken), known);
    }

    // Whether holders have another value, which may be later than this one. Nothing but an owner's newer item is later than an item.
    private static bool IsDisputed(NodeId key, Publication publication, LookupOutcome found) =>
        (found.Differed > 0 || (found.Value is { } value && value != publication.Value))
        && CheckedItem.OfChecked(key, publication.Value) is null;

    private StoredValue? Judge(NodeId key, Publication publication, StoredValue? held, LookupOutcome found, int known)
    {
        var now = _time.GetUtcNow();

        // An owner's newer item is later, whoever has it, and nothing else is later than an item. One without an owner anybody can make where the key
        // is that of a text: it is a value as any.
        var published = CheckedItem.OfChecked(key, publication.Value);
        if (ItemOrder.Newest.Compare(found.Item, published) > 0)
        {
            return new StoredValue(found.Value!.Value, now, now + Kademlia.Bound(found.ValueLife), default);
        }

        if (CheckedItem.OfChecked(key, held?.Value) is { Item.IsMutable: true } ownersHeld && ItemOrder.Newest.Compare(ownersHeld, published) > 0)
        {
            return held;
        }

        if (published is not null)
        {
            return null;
        }

        var (other, left) = found.Value is null ? (held?.Value, held?.LifeLeft(now)) : (found.Value, found.ValueLife);
        if (other is not { } value || value == publication.Value
            || left is not { } life || now + life <= publication.PublishedAt + Kademlia.ValueTimeToLive + StoreDecision.LatestStore)
        {
            // Nor is it later if it may come from a STORE that had begun before this was set: one of our own, of the value before.
            return null;
        }

        // The publication's own copy has no vote, an overwritten one has. Unresponsive contacts count in the total, so one liar
        // is no majority in an outage.
        var own = held?.Value == value ? 1 : 0;
        var voters = Math.Max(found.Closest.Count, known) + own;
        var votes = found.Agreed + own;
        if (found.Agreed == 0 || 2 * votes <= voters)
        {
            return null;
        }

        _logger.PublicationEnded(key, votes, voters);
        return new StoredValue(value, now, now + Kademlia.Bound(life), default);
    }

    /// <summary>Ends a publication, and holds the network's value in its place, unless anything was set meanwhile.</summary>
    private async Task<bool> TakeOverAsync(
        NodeId key, Publication publication, StoredValue? held, StoredValue later, CancellationToken cancellationToken)
    {
        if (publications.GetCondition(publication) is { } published)
        {
            // In one put. Between two the client of a cluster might set the key.
            var terms = new PutTerms(PutKind.Publication)
            {
                Condition = published with { EndsPublication = true, StoredBy = held?.StoredAt },
            };
            return await store.PutAsync(key, later with { Source = SourceNetwork.Trusted }, terms, cancellationToken) == StoreResult.Stored;
        }

        if (await store.GetCurrentAsync(key, _time.GetUtcNow(), cancellationToken) != held
            || await publications.ReplaceAsync(key, publication, after: null, cancellationToken) != StoreResult.Stored)
        {
            return false;
        }

        if (held is not null && held.Value != later.Value)
        {
            var terms = new PutTerms(PutKind.Copy) { Condition = PutCondition.Unchanged(held) };
            await store.PutAsync(key, later with { Source = held.Source }, terms, cancellationToken);
            node.Watches.Post(key, KeyNotice.Changed);
        }

        return true;
    }

    private TimeSpan LatenessOf(Publication publication) => publication.IsPending
        ? TimeSpan.Zero
        : RepublishPolicy.GetPublicationLateness(ByPresentClock(publication.PublishedAt), _time.GetUtcNow(), Kademlia);

    private bool IsDue(Publication publication) => publication.IsPending
        || RepublishPolicy.IsPublicationDue(ByPresentClock(publication.PublishedAt), _time.GetUtcNow(), Kademlia);

    private bool IsRipe(Publication publication) => publication.IsPending
        || RepublishPolicy.IsPublicationRipe(ByPresentClock(publication.PublishedAt), _time.GetUtcNow(), Kademlia);

    private bool IsRipe(NodeId key, StoredValue held) =>
        RepublishPolicy.IsRipe(ByPresentClock(held.StoredAt), held.ExpiresAt, _time.GetUtcNow(), Kademlia);

    private DateTimeOffset ByPresentClock(DateTimeOffset noted) => _ages.ByPresentClock(noted, _time.GetUtcNow());

    private bool IsDueAtCheck(NodeId key, StoredValue held) =>
        RepublishPolicy.IsDueAtCheck(held.StoredAt, held.ExpiresAt, _time.GetUtcNow(), Kademlia);

    // Of nodes far away the table says little: those near a sibling's id are counted by the network's size, and then by those that were found.
    private bool IsResponsible(NodeId key)
    {
        var nearest = node.Siblings.NearestTo(key, node.Id);
        return RepublishPolicy.IsResponsible(nearest, key, node.RoutingTable, Kademlia.BucketSize)
            && (nearest == node.Id
                || node.NetworkSize is not { } size
                || RepublishPolicy.MayBeAmongNearest(nearest, key, size.Nodes, Kademlia.BucketSize));
    }

    private bool IsResponsible(NodeId key, IReadOnlyList<Contact> found)
    {
        var nearest = node.Siblings.NearestTo(key, node.Id);
        return nearest == node.Id || RepublishPolicy.IsAmongNearest(nearest, key, [.. found], Kademlia.BucketSize);
    }
}
