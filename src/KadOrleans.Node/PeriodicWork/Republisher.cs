using System.Threading.Channels;

namespace KadOrleans.Node;

/// <summary>
/// Republishes held values and own publications (Kademlia §2.5), and undoes nothing that was stored, set or unpublished meanwhile. The
/// lookups take seconds, so each value is checked again after them, in the key's turn, just before it is sent. What then changes here is
/// conditional on what was read, and the store's writer decides that.
/// </summary>
internal sealed class Republisher(DhtNode node, IKeyStore store, IPublicationStore publications, NodeEnvironment environment)
{
    /// <summary>Values sent concurrently: a lookup takes a second or more, and fewer would not reach the rate.</summary>
    private const int MaxParallel = 512;

    private const int MaxPending = 16;

    /// <summary>Between two tries to read what has replaced a value, while the store does not answer.</summary>
    private static readonly TimeSpan CorrectionPause = TimeSpan.FromSeconds(5);

    /// <summary>A cluster's shard answers by then, though its silo has died.</summary>
    private const int MaxCorrectionTries = 12;

    /// <summary>Keys that one check collects: 2 MB, and some minutes of work.</summary>
    private const int MaxCollected = 65_536;

    private readonly TimeProvider _time = environment.Time;
    private readonly SendPace _pace = new(environment.Time, 1);
    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<Republisher>();

    // Bounded by its callers: one check, and the keys that a schedule accepted.
    private readonly Channel<MaintenanceTask> _work = Channel.CreateUnbounded<MaintenanceTask>(
        new UnboundedChannelOptions { SingleReader = true });

    // Drops the newest when full: the next check finds the publication.
    private readonly Channel<NodeId> _soon = Channel.CreateBounded<NodeId>(
        new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropWrite });

    // One entry for each value being sent.
    private readonly Channel<bool> _room = Channel.CreateBounded<bool>(MaxParallel);

    // 1 while a check of everything is queued, which is enough.
    private int _lookWaits;

    // Keys of the queued work that have not begun.
    private long _queued;

    private KademliaOptions Kademlia => node.Options.Kademlia;

    public void Enqueue(MaintenanceTask work)
    {
        if (work is MaintenanceTask.RepublishKeys some)
        {
            Interlocked.Add(ref _queued, some.Keys.Count);
            _work.Writer.TryWrite(work);
        }
        else if (Interlocked.Exchange(ref _lookWaits, 1) == 0)
        {
            _work.Writer.TryWrite(work);
        }
    }

    public void PublishSoon(NodeId key) => _soon.Writer.TryWrite(key);

    public IEnumerable<MaintenanceJob> Jobs =>
        [MaintenanceJob.Once(nameof(Republisher), SendPendingAsync), MaintenanceJob.Once(nameof(Republisher), WorkAsync)];

    private async Task SendPendingAsync(CancellationToken cancellationToken)
    {
        var running = new List<Task>();
        var batch = new RepublishBatch(static () => { });
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

                running.Add(SendAsync(key, static (_, _) => false, batch, cancellationToken));
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
            while (true)
            {
                var work = await _work.Reader.ReadAsync(cancellationToken);
                if (work is MaintenanceTask.RepublishKeys some)
                {
                    var keys = some.Keys.ToAsyncEnumerable();
                    await SendAllAsync(
                        keys, () => Interlocked.Decrement(ref _queued), some.IsAfterCut ? null : IsDueAtCheck, some.Ended, cancellationToken);
                }
                else
                {
                    Interlocked.Exchange(ref _lookWaits, 0);
                    await CheckAsync(cancellationToken);
                }
            }
        }
        finally
        {
            await DrainAsync();
        }
    }

    /// <summary>Sends all that is due. Returns when that is done: a check before would find it again.</summary>
    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        var due = new DueKeys(MaxCollected);
        await store.VisitAsync(KeyRegion.Everywhere, Collect, cancellationToken);
        var published = publications.ScanAsync(cancellationToken).Where(entry => IsDue(entry.Value)).Select(entry => entry.Key);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var keys = published.Concat(due.Take().ToAsyncEnumerable());
            await SendAllAsync(keys, () => due.Count, IsDue, done.SetResult, cancellationToken);
        }
        finally
        {
            await done.Task;
        }

        void Collect(KeyLife life)
        {
            if (IsToSend(life))
            {
                due.Add(life.Key, life.StoredAt);
            }
        }
    }

    /// <summary>Sends keys. Returns when all have begun: what follows need not wait for the slowest.</summary>
    private async Task SendAllAsync(
        IAsyncEnumerable<NodeId> keys,
        Func<long> countDue,
        Func<NodeId, StoredValue, bool>? isDue,
        Action ended,
        CancellationToken cancellationToken)
    {
        var batch = new RepublishBatch(ended);
        try
        {
            await foreach (var key in keys.WithCancellation(cancellationToken))
            {
                await _pace.WaitAsync(1 / RepublishPace.GetRate(countDue(), node.Options.RepublishRate), cancellationToken);
                await _room.Writer.WriteAsync(true, cancellationToken);
                batch.Begin();
                _ = SendWithinRoomAsync(key);
            }
        }
        finally
        {
            End(batch);
        }

        async Task SendWithinRoomAsync(NodeId key)
        {
            await SendAsync(key, isDue, batch, cancellationToken);
            End(batch);
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
    private async Task SendAsync(
        NodeId key, Func<NodeId, StoredValue, bool>? isDue, RepublishBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            if (await publications.GetAsync(key, cancellationToken) is { } publication && IsDue(publication))
            {
                if (await PublishAsync(key, publication, cancellationToken))
                {
                    batch.CountPublished();
                }

                return;
            }

            var held = await store.GetAsync(key, _time.GetUtcNow(), cancellationToken);
            if (held is not null && (isDue is null || (isDue(key, held) && IsResponsible(key))))
            {
                await WaitForUploadAsync(held.Value, cancellationToken);
                if (await SpreadAsync(key, held.Value, cancellationToken))
                {
                    batch.CountRepublished();
                    node.Metrics.Add(NodeMetrics.Republished);
                }
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                _logger.MaintenanceFailed(nameof(Republisher), e);
            }
        }
    }

    private Task WaitForUploadAsync(DhtValue value, CancellationToken cancellationToken)
    {
        var contacts = Math.Min(node.RoutingTable.Count, Kademlia.BucketSize);
        return node.Upload.WaitAsync(value, contacts, contacts, cancellationToken);
    }

    /// <summary>Sends a held value with the life that is left. False if another one was stored before it was sent: that one is not due.</summary>
    private async Task<bool> SpreadAsync(NodeId key, DhtValue value, CancellationToken cancellationToken)
    {
        var holders = await node.Publisher.FindHoldersAsync(key, cancellationToken);
        var result = await node.Turns.RunAsync(key, async () =>
            await store.GetCurrentAsync(key, _time.GetUtcNow(), cancellationToken) is { } held && held.Value == value
                ? await SendHeldAsync(key, held, holders, cancellationToken)
                : (StoreResult?)null);
        if (result is not (null or StoreResult.Stored))
        {
            await SendLatestAsync(key, value, holders, cancellationToken);
        }

        return result is not null;
    }

    // The copy then counts as stored now, and changes nothing else: without a mark it brings no publication back, and if anything was
    // stored since it was read, the same value with a shorter life too, it is superseded.
    private async Task<StoreResult> SendHeldAsync(NodeId key, StoredValue held, LookupOutcome holders, CancellationToken cancellationToken)
    {
        await node.Publisher.SendAsync(key, held.Value, held.LifeLeft(_time.GetUtcNow()), holders, isChosen: false, held.IsAuthored, cancellationToken);
        return await store.PutAsync(
            key,
            held with { StoredAt = _time.GetUtcNow(), PublishedAt = null },
            new PutTerms(PutKind.Copy) { Condition = PutCondition.SameValue with { StoredBy = held.StoredAt } },
            cancellationToken);
    }

    private async Task<bool> PublishAsync(NodeId key, Publication publication, CancellationToken cancellationToken)
    {
        if (!publication.IsPending)
        {
            await WaitForUploadAsync(publication.Value, cancellationToken);
        }

        // Read before the network is asked: what it answers replaces this, and nothing that was stored since.
        var held = await store.GetCurrentAsync(key, _time.GetUtcNow(), cancellationToken);
        if (await FindLaterAsync(key, publication, held, cancellationToken) is { } later)
        {
            await node.Turns.RunAsync(key, () => TakeOverAsync(key, publication, held, later, cancellationToken));
            return false;
        }

        var holders = await node.Publisher.FindHoldersAsync(key, cancellationToken);
        var result = await node.Turns.RunAsync(key, () => PublishAsync(key, publication, holders, cancellationToken));
        if (result is not (null or StoreResult.Stored))
        {
            await SendLatestAsync(key, publication.Value, holders, cancellationToken);
        }

        return result == StoreResult.Stored;
    }

    // Null: it was not sent, or nobody took it. All but Stored: it may have been ended or changed while it was sent.
    private async Task<StoreResult?> PublishAsync(
        NodeId key, Publication publication, LookupOutcome holders, CancellationToken cancellationToken)
    {
        if (await publications.GetAsync(key, cancellationToken) != publication)
        {
            return null;
        }

        var terms = new PutTerms(PutKind.Publication) { Condition = publications.GetCondition(publication) };
        var result = await node.Publisher.StoreAsync(key, publication.Value, life: null, holders, terms, cancellationToken);
        return result.Succeeded
            ? await publications.ReplaceAsync(
                key, publication, publication with { PublishedAt = _time.GetUtcNow(), IsPending = false }, cancellationToken)
            : null;
    }

    /// <summary>
    /// Sends what was stored elsewhere in the cluster, or by the network, while an older value went out: of that, a late retry may have
    /// reached contacts after the newer value.
    /// </summary>
    private async Task SendLatestAsync(NodeId key, DhtValue sent, LookupOutcome holders, CancellationToken cancellationToken)
    {
        var (sends, tries) = (0, 0);
        while (sends < ValuePublisher.MaxCorrections)
        {
            try
            {
                if (await node.Turns.RunAsync(key, () => SendIfOtherAsync(key, sent, holders, cancellationToken)) is not { } next)
                {
                    return;
                }

                (sent, sends) = (next, sends + 1);
            }
            catch (KeyStoreException) when (++tries < MaxCorrectionTries)
            {
                await Task.Delay(CorrectionPause, _time, cancellationToken);
            }
        }
    }

    // The value that it sent. Null if the key has no other than was sent before.
    private async Task<DhtValue?> SendIfOtherAsync(NodeId key, DhtValue sent, LookupOutcome holders, CancellationToken cancellationToken)
    {
        if (await publications.GetAsync(key, cancellationToken) is { } publication)
        {
            if (publication.Value == sent)
            {
                return null;
            }

            await PublishAsync(key, publication, holders, cancellationToken);
            return publication.Value;
        }

        var now = _time.GetUtcNow();
        if (await store.GetCurrentAsync(key, now, cancellationToken) is not { } held || held.Value == sent)
        {
            return null;
        }

        await node.Publisher.SendAsync(
            key, held.Value, held.LifeLeft(now), holders, isChosen: held.Source.IsTrusted, held.IsAuthored, cancellationToken);
        return held.Value;
    }

    /// <summary>The other value that a majority of the k nearest has, if its life shows a later publication; else null.</summary>
    private async Task<StoredValue?> FindLaterAsync(
        NodeId key, Publication publication, StoredValue? held, CancellationToken cancellationToken)
    {
        // Read before the query, as contacts that do not respond are dropped.
        var known = Math.Min(node.RoutingTable.Count, Kademlia.BucketSize);
        var found = await node.Lookups.AskAllHoldersAsync(key, cancellationToken);
        var now = _time.GetUtcNow();
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

    private bool IsDue(Publication publication) => publication.IsPending
        || RepublishPolicy.IsPublicationDue(publication.PublishedAt, _time.GetUtcNow(), Kademlia);

    private bool IsDue(NodeId key, StoredValue held) =>
        RepublishPolicy.IsDue(key, held.StoredAt, held.ExpiresAt, node.Id, _time.GetUtcNow(), Kademlia);

    private bool IsToSend(KeyLife life) =>
        RepublishPolicy.IsDue(life.Key, life.StoredAt, life.ExpiresAt, node.Id, _time.GetUtcNow(), Kademlia) && IsResponsible(life.Key);

    private bool IsDueAtCheck(NodeId key, StoredValue held) =>
        RepublishPolicy.IsDueAtCheck(held.StoredAt, held.ExpiresAt, _time.GetUtcNow(), Kademlia);

    private bool IsResponsible(NodeId key) =>
        RepublishPolicy.IsResponsible(key, node.RoutingTable, Kademlia.BucketSize);
}

internal sealed class RepublishBatch(Action ended)
{
    // One for those who still add values.
    private int _open = 1;
    private int _republished;
    private int _published;

    public int Republished => _republished;

    public int Published => _published;

    public void Begin() => Interlocked.Increment(ref _open);

    public void CountRepublished() => Interlocked.Increment(ref _republished);

    public void CountPublished() => Interlocked.Increment(ref _published);

    public bool End()
    {
        if (Interlocked.Decrement(ref _open) > 0)
        {
            return false;
        }

        ended();
        return true;
    }
}
