using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace KadOrleans.Node;

internal sealed class MaintenanceRunner(
    DhtNode node,
    IKeyStore store,
    IPublicationStore publications,
    IMaintenanceSchedule schedule,
    Func<CancellationToken, Task> rejoin,
    NodeEnvironment environment)
{
    /// <summary>Concurrent refresh lookups: few enough not to disturb.</summary>
    private const int ParallelLookups = 3;

    // Values written at once, which share a transaction; far below a store's queue.
    private const int CorrectedAtOnce = 1024;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<MaintenanceRunner>();

    private readonly Republisher _republisher = new(node, store, publications, environment);

    private readonly StoreWatch _watch = new(node, store, environment);

    // One runs and one waits; more would only run again.
    private readonly Channel<MaintenanceTask> _requested = Channel.CreateBounded<MaintenanceTask>(1);

    internal RoutingTableRefreshManager Walks { get; } =
        new(node, new RandomWalk(node, node.Options.RandomWalk, environment), node.Options.RandomWalk, environment);

    /// <summary>What is kept for its owners in the store, and ends in time.</summary>
    internal KeptItems Kept { get; } = new(store, node.Kademlia.ValueTimeToLive, environment.Time);

    internal IReadOnlyList<MaintenanceJob> OtherJobs { get; init; } = [];

    internal TimeSpan RepairPeriod { get; init; } = PartitionRepair.Period;

    /// <summary>Works until cancelled. If a failure cannot even be logged, the other jobs end too, and it throws that.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        MaintenanceJob[] jobs =
        [
            MaintenanceJob.Once(nameof(IMaintenanceSchedule), token => DoAllAsync(schedule.WatchAsync(token), token)),
            MaintenanceJob.Once(nameof(TryRun), token => DoAllAsync(ReadRequestedAsync(token), token)),
            .. _republisher.Jobs,
            new(nameof(StoreWatch), _watch.CheckAsync),
            new(nameof(OwnEndpoints), node.CheckOwnEndpointsAsync),
            .. OtherJobs,
        ];
        if (!node.Options.ClientOnly)
        {
            jobs = [.. jobs, new(nameof(PartitionRepair), CreateRepair().CheckAsync)];
        }

        await Task.WhenAll([.. jobs.Select(RunJobAsync)]);

        async Task RunJobAsync(MaintenanceJob job)
        {
            try
            {
                await job.RunAsync(environment.Time, _logger, ending.Token);
            }
            catch
            {
                ending.Cancel();
                throw;
            }
        }
    }

    /// <summary>Begins an operator's work. False if such work waits already.</summary>
    public bool TryRun(MaintenanceTask task)
    {
        if (task is MaintenanceTask.Republish)
        {
            // At once, so that who asks then how far it is knows that it begins.
            _republisher.Enqueue(task);
            return true;
        }

        return _requested.Writer.TryWrite(task);
    }

    /// <summary>Sends a pending publication soon; if too many are queued, a later check does.</summary>
    public void PublishSoon(NodeId key) => _republisher.PublishSoon(key);

    public async Task RefreshBucketsAsync(IReadOnlyList<BucketRange> buckets, CancellationToken cancellationToken)
    {
        var next = -1;
        var workers = Enumerable.Range(0, ParallelLookups).Select(_ => WorkAsync()).ToList();
        foreach (var worker in workers)
        {
            await worker;
        }

        _logger.BucketsRefreshed(buckets.Count);

        async Task WorkAsync()
        {
            for (var i = Interlocked.Increment(ref next); i < buckets.Count; i = Interlocked.Increment(ref next))
            {
                await node.FindNodeAsync(buckets[i].RandomId(environment.Random), cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>After a join: refreshes all buckets further away than the nearest neighbour's (Kademlia §2.3).</summary>
    public Task RefreshAfterJoinAsync(CancellationToken cancellationToken) => node.Nearest(node.Id, 1) is [var nearest]
        ? RefreshBucketsAsync(RefreshPolicy.GetJoinBuckets(node.Id, nearest.Id), cancellationToken)
        : Task.CompletedTask;

    /// <summary>
    /// After a lookup of the own id in another part of the network: refreshes the buckets that reach farther than the k nearest, whom that
    /// lookup has found. None where there are fewer.
    /// </summary>
    public Task RefreshAfterMergeAsync(CancellationToken cancellationToken) =>
        node.Nearest(node.Id, node.Kademlia.BucketSize) is { } nearest && nearest.Count == node.Kademlia.BucketSize
            ? RefreshBucketsAsync(RefreshPolicy.GetBucketsBeyond(node.Id, nearest[^1].Id), cancellationToken)
            : Task.CompletedTask;

    private PartitionRepair CreateRepair() => new(node, store, this, _republisher, RepairPeriod, environment);

    // ReadAllAsync would leave the caller's synchronization context.
    private async IAsyncEnumerable<MaintenanceTask> ReadRequestedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _requested.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_requested.Reader.TryRead(out var task))
            {
                yield return task;
            }
        }
    }

    private async Task DoAllAsync(IAsyncEnumerable<MaintenanceTask> tasks, CancellationToken cancellationToken)
    {
        await foreach (var task in tasks)
        {
            // Republishing may take long, so other work does not wait for it.
            if (task is MaintenanceTask.Republish or MaintenanceTask.RepublishKeys)
            {
                _republisher.Enqueue(task);
                continue;
            }

            try
            {
                await DoAsync(task, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                _logger.MaintenanceFailed(task.GetType().Name, e);
            }
        }
    }

    private Task DoAsync(MaintenanceTask task, CancellationToken cancellationToken) => task switch
    {
        MaintenanceTask.RefreshBuckets refresh => RefreshBucketsAsync(refresh.Buckets, cancellationToken),
        MaintenanceTask.Walk => Walks.RefreshAsync(force: true, cancellationToken),
        MaintenanceTask.Rejoin => rejoin(cancellationToken),
        MaintenanceTask.CorrectTimes correct => CorrectTimesAsync(correct, cancellationToken),
        MaintenanceTask.ExpireValues => ExpireAsync(cancellationToken),
        _ => throw new UnreachableException($"No work for {task.GetType().Name}."),
    };

    // Moves the times of values stored or published while the system's clock was behind, as far as they are as they were read. If a write
    // fails all of it is done again in a minute, and nothing expires until then; what is moved twice by that lives longer, if at all.
    private async Task CorrectTimesAsync(MaintenanceTask.CorrectTimes task, CancellationToken cancellationToken)
    {
        var (correction, moved, failed) = (task.Correction, 0, 0);
        await foreach (var chunk in store.ScanAsync(cancellationToken).Chunk(CorrectedAtOnce).WithCancellation(cancellationToken))
        {
            // The same value with a later end of life is a renewal to every store.
            var puts = chunk
                .Select(entry => (entry.Key, Read: entry.Value, Moved: correction.Move(entry.Value, node.Kademlia.ValueTimeToLive)))
                .Where(entry => entry.Moved is not null)
                .Select(entry => store.PutAsync(entry.Key, entry.Moved!, CopyOf(entry.Read), cancellationToken))
                .ToList();
            foreach (var put in puts)
            {
                var result = await put;
                moved += result == StoreResult.Stored ? 1 : 0;
                failed += result.IsUndecided() ? 1 : 0;
            }
        }

        await foreach (var (key, publication) in publications.ScanAsync(cancellationToken))
        {
            if (correction.Move(publication.PublishedAt) is { } publishedAt)
            {
                var result = await publications.ReplaceAsync(key, publication, publication with { PublishedAt = publishedAt }, cancellationToken);
                failed += result.IsUndecided() ? 1 : 0;
            }
        }

        if (failed == 0)
        {
            task.Ended();
        }

        _logger.TimesCorrected(moved, correction.By.TotalSeconds);

        static PutTerms CopyOf(StoredValue read) => new(PutKind.Copy) { Condition = PutCondition.Unchanged(read) };
    }

    private async Task ExpireAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Kept.EndDueAsync(cancellationToken);
        }
        finally
        {
            // Also if one of what is kept could not be read.
            var removed = await store.RemoveExpiredAsync(environment.Time.GetUtcNow(), cancellationToken);
            if (removed > 0)
            {
                _logger.ValuesExpired(removed);
            }
        }
    }
}
