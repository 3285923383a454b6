using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace KadOrleans.Node;

/// <summary>
/// Republishes held values and own publications (Kademlia §2.5), and undoes nothing that was stored, set or unpublished meanwhile:
/// <see cref="DueValues"/> finds what is due, <see cref="PublicationSender"/> and <see cref="HeldValueSender"/> send it, and this decides when. The
/// lookups take seconds, so each value is checked again after them, in the key's turn, just before it is sent. What then changes here is
/// conditional on what was read, and the store's writer decides that.
/// </summary>
internal sealed class Republisher
{
    /// <summary>Values sent concurrently: one waits for its slowest contact, and fewer would not reach the rate.</summary>
    private const int MaxParallel = 2_048;

    /// <summary>Publications sent concurrently that were set a moment ago: few, as they have lookups of their own.</summary>
    private const int MaxPending = 16;

    /// <summary>Between two values while requests have to wait: the least rate.</summary>
    private static readonly TimeSpan GiveWay = TimeSpan.FromSeconds(1 / RepublishPace.Least);

    /// <summary>
    /// After which offered values that nobody answered are sent again: their shard offers them again in an hour, and datagrams may have been lost
    /// for a moment.
    /// </summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromMinutes(5);

    private readonly DhtNode _node;
    private readonly IKeyStore _store;
    private readonly IPublicationStore _publications;
    private readonly TimeProvider _time;
    private readonly SendPace _pace;
    private readonly SweepLookups _lookups;
    private readonly DueValues _due;
    private readonly PublicationSender _publicationSender;
    private readonly HeldValueSender _heldValueSender;
    private readonly Corrections _corrections;
    private readonly SweepWatch _watch;
    private readonly ILogger _logger;

    // What waits: keys, or null for a check of everything. Its callers bound it: one check, and the keys that a schedule accepted.
    private readonly Channel<(SweptKey[]? Keys, RepublishBatch Batch)> _work =
        Channel.CreateUnbounded<(SweptKey[]?, RepublishBatch)>(new UnboundedChannelOptions { SingleReader = true });

    // Publications to send at once. A full queue drops the newest, which the next check finds.
    private readonly Channel<NodeId> _soon = Channel.CreateBounded<NodeId>(
        new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropWrite });

    // It has one entry for each value that is being sent.
    private readonly Channel<bool> _room = Channel.CreateBounded<bool>(MaxParallel);

    // Offered values that nobody answered: at most as many as a sweep has.
    private readonly ConcurrentDictionary<NodeId, bool> _unanswered = [];

    // 1 while a check of everything is queued, which is enough.
    private int _isCheckQueued;

    public Republisher(DhtNode node, IKeyStore store, IPublicationStore publications, NodeEnvironment environment)
    {
        (_node, _store, _publications, _time, _watch) = (node, store, publications, environment.Time, node.Sweeps);
        _logger = environment.LoggerFactory.CreateLogger<Republisher>();
        _pace = new SendPace(_time, 1);
        _lookups = SweepLookups.Of(node, _time);
        var clock = new PresentClock(_time);
        var heldTimes = new HeldValueTimes(store, node.Options.Kademlia, _time);
        var publicationTimes = new PublicationTimes(publications, _time);
        var stores = new HolderStores(node, _lookups);
        var laterValues = new LaterValues(node, _logger, _time);
        _due = new DueValues(node, store, publications, _lookups, heldTimes, publicationTimes, clock, _time);
        _publicationSender = new PublicationSender(
            node, store, publications, _lookups, stores, _due, publicationTimes, laterValues, clock, _time);
        _heldValueSender = new HeldValueSender(node, store, _lookups, stores, _due, heldTimes, _time);
        _corrections = new Corrections(node, store, publications, stores, _publicationSender, _time);
    }

    public void Enqueue(MaintenanceTask work)
    {
        if (work is MaintenanceTask.RepublishKeys some)
        {
            var batch = new RepublishBatch(some.Ended, _watch)
            {
                Depth = _node.RegionDepth,
                MostOverdue = RepublishPolicy.MostOverdueAtCheck(_node.Options.Kademlia),
            };
            Func<NodeId, StoredValue, bool>? isDue = some.IsAfterCut ? null : _due.IsOfferedDue;
            SweptKey[] keys = [.. some.Keys.Select(key => new SweptKey(key, isDue, batch) { IsOffered = !some.IsAfterCut })];
            _watch.Add(keys);
            _work.Writer.TryWrite((keys, batch));
        }
        else if (Interlocked.Exchange(ref _isCheckQueued, 1) == 0)
        {
            _watch.RequestCheck();
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
        if (_node.HasGoodContact && _unanswered.Keys is { Count: > 0 } keys)
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
        while (keys.Count < DueValues.MaxCollected && _work.Reader.TryRead(out var work))
        {
            if (work.Keys is { } some)
            {
                batches.Add(work.Batch);
                keys.AddRange(some);
                continue;
            }

            Interlocked.Exchange(ref _isCheckQueued, 0);
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var batch = new RepublishBatch(done.SetResult, _watch) { Depth = _node.RegionDepth, MostOverdue = _watch.BeginCheck() };
            checkedAll = done.Task;
            batches.Add(batch);
            try
            {
                keys.AddRange(await CheckAsync(batch, cancellationToken));
            }
            catch (Exception e)
            {
                // The keys that were taken from the queue before it go out all the same: nobody gives them again.
                failure = ExceptionDispatchInfo.Capture(e);
            }

            // Another check, before this is sent, would find all of it again.
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

    private async Task<IReadOnlyList<SweptKey>> CheckAsync(RepublishBatch batch, CancellationToken cancellationToken)
    {
        var isComplete = false;
        try
        {
            if (_node.RoutingTable.Count == 0 && !_node.MayBeFirst)
            {
                // What is due waits until somebody is there.
                _node.Metrics.Add(NodeMetrics.SweepsCutOff);
                return [];
            }

            (var found, isComplete) = await _due.FindAllAsync(batch, cancellationToken);
            _watch.Add(found);
            return found;
        }
        finally
        {
            _watch.EndCheck(isComplete);
        }
    }

    /// <summary>Sends keys, region by region. Returns when all have begun: what follows need not wait for the slowest.</summary>
    private async Task SendAllAsync(List<SweptKey> keys, CancellationToken cancellationToken)
    {
        var rate = RepublishPace.GetRate(keys.Count, _node.Options.RepublishRate);
        foreach (var swept in SweepOrder.Arrange(keys, static swept => swept.Key))
        {
            await _pace.WaitAsync(1 / rate, cancellationToken);
            if (_node.Lag.IsNoticed)
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
        var key = swept.Key;
        try
        {
            var published = await _publications.GetAsync(key, cancellationToken);
            if (published is { } publication && _due.IsDue(swept, publication))
            {
                var attempt = await _publicationSender.SendAsync(swept, publication, keysNear, cancellationToken);
                Count(swept, await _corrections.CompleteAsync(key, attempt, cancellationToken), isPublication: true);
            }
            else if (await _store.GetAsync(key, _time.GetUtcNow(), cancellationToken) is { } held && swept.IsDue?.Invoke(key, held) != false)
            {
                var attempt = await _heldValueSender.SendAsync(swept, held, published, keysNear, cancellationToken);
                Count(swept, await _corrections.CompleteAsync(key, attempt, cancellationToken), isPublication: false);
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

    // An open outcome counts for a held value, which went out as it was due, and not for a publication, which may be another one by now.
    private void Count(SweptKey swept, SendOutcome outcome, bool isPublication)
    {
        switch (outcome)
        {
            case SendOutcome.Recorded when isPublication:
                swept.Batch.CountPublished();
                _node.Metrics.Add(NodeMetrics.Published);
                break;
            case SendOutcome.Recorded:
            case SendOutcome.Open when !isPublication:
                swept.Batch.CountRepublished();
                _node.Metrics.Add(NodeMetrics.Republished);
                break;
            case SendOutcome.Alone:
                break;
            case SendOutcome.Refused:
                _node.Metrics.Add(NodeMetrics.RefusedByAll);
                break;
            case SendOutcome.Unanswered:
                _node.Metrics.Add(NodeMetrics.Unanswered);
                _watch.Fail(swept);
                if (swept.IsOffered && _unanswered.Count < DueValues.MaxCollected)
                {
                    _unanswered[swept.Key] = true;
                }

                return;
            case SendOutcome.NotSent or SendOutcome.Open:
                return;
            default:
                throw new UnreachableException($"No rule for {outcome}.");
        }

        _watch.EndUnsent(swept);
    }
}
