namespace KadOrleans.Grains;

// Passes a shard's due keys to live edges, which share them (EdgeShares). While an edge has enough to do, its keys wait. Where the sweep of
// a tick stands is in the shard: what is sent is not due any more. So what an edge has taken and leaves unsent is found, and goes to another.
internal sealed class ShardRepublishing(string shard, IGrainFactory grains, TimeProvider time, TimeSpan period, TimeSpan timeout, ILogger logger)
{
    /// <summary>The pause between two calls to a directory that fails, or that does not know all edges yet.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);

    /// <summary>The most such calls: enough for an outage of five minutes.</summary>
    private const int MaxQuestions = 20;

    // The pause before keys that an edge refused are offered again. An edge has room for a minute's work, so it does not run out of it.
    private static readonly TimeSpan RefusalPause = TimeSpan.FromSeconds(5);

    /// <summary>How long a list of edges is used. It may be long, and hundreds of shards may wait.</summary>
    private static readonly TimeSpan ListLife = TimeSpan.FromMinutes(1);

    /// <summary>The most refused keys that wait while others are offered: 80 KB.</summary>
    private const int MaxRefused = 4_096;

    // How long keys are offered at most: the next tick of the shard comes a period after the last.
    private readonly TimeSpan _longest = period * 5 / 6;

    // Set while all is handed over, and waits for the edges to send it.
    private CancellationTokenSource? _watch;

    // Of the tick under way.
    private EdgeShares _shares = EdgeShares.Among([]);

    /// <summary>
    /// Passes on all due keys, page by page, and until they are sent looks for edges that leave. Never fails. Not again before it has returned.
    /// </summary>
    /// <param name="findAbove">The next keys that were due when it began, and are due still.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task HandOverAsync(Func<NodeId?, IReadOnlyList<NodeId>> findAbove, CancellationToken cancellationToken)
    {
        var begunAt = time.GetTimestamp();
        EdgeShares? given = null;
        try
        {
            while (findAbove(null).Count > 0 && time.GetElapsedTime(begunAt) < _longest)
            {
                if (given is not null && _shares == given && !await WatchAsync(_longest - time.GetElapsedTime(begunAt), cancellationToken))
                {
                    return;
                }

                var edges = await FindEdgesAsync(cancellationToken);
                _shares = given is null ? EdgeShares.Among(edges) : _shares.Follow(edges);
                if (_shares != given)
                {
                    var before = _shares;
                    await ScanAsync(findAbove, given, begunAt, cancellationToken);
                    given = before;
                }
            }

            if (time.GetElapsedTime(begunAt) >= _longest)
            {
                NoteLeft(findAbove);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Another activation takes over.
        }
        catch (Exception e)
        {
            logger.RepublishNotHandedOver(shard, e.Message);
        }
    }

    // The next tick finds them, but some of their holders may leave before.
    private void NoteLeft(Func<NodeId?, IReadOnlyList<NodeId>> findAbove)
    {
        var (left, last) = (0, (NodeId?)null);
        while (findAbove(last) is { Count: > 0 } page)
        {
            (left, last) = (left + page.Count, page[^1]);
        }

        if (left > 0)
        {
            GrainMetrics.GaveUp(left);
            logger.RepublishGivenUp(shard, left, _longest);
        }
    }

    /// <summary>Ends a tick that has handed all over, so that another one can begin. False if there is none such.</summary>
    public bool TryEndWatch()
    {
        var watch = _watch;
        watch?.Cancel();
        return watch is not null;
    }

    // False: another tick is to begin.
    private async Task<bool> WatchAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _watch = watch;
        try
        {
            // Past the end, not just before it.
            var left = longest > TimeSpan.Zero ? longest + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero;
            await Task.Delay(left < ListLife ? left : ListLife, time, watch.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            _watch = null;
        }
    }

    /// <summary>Passes on what is due, less what the same edge was given already.</summary>
    private async Task ScanAsync(
        Func<NodeId?, IReadOnlyList<NodeId>> findAbove, EdgeShares? given, long begunAt, CancellationToken cancellationToken)
    {
        var listedAt = time.GetTimestamp();
        List<NodeId> refused = [];
        NodeId? last = null;
        while (!_shares.IsEmpty && time.GetElapsedTime(begunAt) < _longest)
        {
            // Other edges may take what follows, so only many refused keys stop the search.
            var page = refused.Count < MaxRefused ? findAbove(last) : [];
            if (page.Count > 0)
            {
                last = page[^1];
                refused.AddRange(await OfferAsync([.. page.Where(key => given?.HasSameSender(key, _shares) != true)]));
            }
            else if (refused.Count == 0)
            {
                return;
            }
            else
            {
                await Task.Delay(RefusalPause, time, cancellationToken);
                if (time.GetElapsedTime(listedAt) >= ListLife)
                {
                    (_shares, listedAt) = (_shares.Follow(await FindEdgesAsync(cancellationToken)), time.GetTimestamp());
                }

                refused = await OfferAsync(refused);
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    // The live edges. Waits until the directory knows all of them: after a move it knows only some, and each key needs the nearest of all.
    private async Task<IReadOnlyList<LiveEdge>> FindEdgesAsync(CancellationToken cancellationToken)
    {
        var directory = grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        for (var questions = 1; ; questions++)
        {
            try
            {
                var list = await directory.ListAsync();
                if (list.IsComplete || questions == MaxQuestions)
                {
                    return list.Edges;
                }
            }
            catch (Exception e)
            {
                logger.RepublishNotHandedOver(shard, e.Message);
                if (questions == MaxQuestions)
                {
                    // Those that were known: whoever does not answer an offer has no share any more. Else all would wait for the next tick.
                    return _shares.Edges;
                }
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>Passes on some keys. Edges that cannot be reached have no share any more. Returns the keys that were refused.</summary>
    private async Task<List<NodeId>> OfferAsync(List<NodeId> keys)
    {
        var refused = new List<NodeId>();
        while (keys.Count > 0 && !_shares.IsEmpty)
        {
            var left = new List<NodeId>();
            foreach (var (edge, nodeId, some) in keys.GroupBy(_shares.FindSender)
                .SelectMany(group => group.Chunk(RepublishWork.MaxKeys), (group, some) => (group.Key.Edge, group.Key.NodeId, some)).ToList())
            {
                var isTaken = _shares.Has(edge) ? await OfferAsync(edge, new RepublishWork(nodeId, some)) : null;
                if (isTaken is null)
                {
                    left.AddRange(some);
                    _shares = _shares.Without(edge);
                }
                else if (!isTaken.Value)
                {
                    refused.AddRange(some);
                }
            }

            keys = left;
        }

        return refused;
    }

    /// <summary>Returns whether the edge took the work. Null without a response.</summary>
    private async Task<bool?> OfferAsync(LiveEdge edge, RepublishWork work)
    {
        try
        {
            return await edge.Observer.AcceptAsync(work).WaitAsync(timeout, time);
        }
        catch (Exception e)
        {
            logger.WorkNotTaken(work.NodeId.ToString(), nameof(RepublishWork), e.Message);
            return null;
        }
    }
}
