namespace KadOrleans.Grains;

// Passes a shard's due keys to live edges for republishing. Each key goes to the edge with the nearest node id. If that id is not
// among the k nearest, none of the cluster's is. While an edge has enough to do, its keys wait. Those that wait until the next
// tick are due again then.
internal sealed class ShardRepublishing(string shard, IGrainFactory grains, TimeProvider time, TimeSpan timeout, ILogger logger)
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

    /// <summary>How long keys are offered at most: the next tick of the shard comes an hour after the last.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(50);

    /// <summary>Passes on all due keys, page by page. Never fails.</summary>
    public async Task HandOverAsync(Func<NodeId?, IReadOnlyList<NodeId>> findAbove, CancellationToken cancellationToken)
    {
        try
        {
            if (findAbove(null).Count == 0)
            {
                return;
            }

            var edges = await FindEdgesAsync(cancellationToken);
            var (begunAt, listedAt) = (time.GetTimestamp(), time.GetTimestamp());
            List<NodeId> refused = [];
            NodeId? last = null;
            while (edges.Count > 0 && time.GetElapsedTime(begunAt) < Longest)
            {
                // Other edges may take what follows, so only many refused keys stop the search.
                var page = refused.Count < MaxRefused ? findAbove(last) : [];
                if (page.Count > 0)
                {
                    last = page[^1];
                    refused.AddRange(await HandOverAsync(page, edges));
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
                        (edges, listedAt) = (await FindEdgesAsync(cancellationToken), time.GetTimestamp());
                    }

                    refused = await HandOverAsync(refused, edges);
                }

                cancellationToken.ThrowIfCancellationRequested();
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

    // The live edges. Waits until the directory knows all of them: after a move it knows only some, and each key needs the nearest of all.
    private async Task<List<LiveEdge>> FindEdgesAsync(CancellationToken cancellationToken)
    {
        var directory = grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        for (var questions = 1; ; questions++)
        {
            try
            {
                var list = await directory.ListAsync();
                if (list.IsComplete || questions == MaxQuestions)
                {
                    return [.. list.Edges];
                }
            }
            catch (Exception e) when (questions < MaxQuestions)
            {
                logger.RepublishNotHandedOver(shard, e.Message);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>Passes on some keys. Removes edges that cannot be reached from the list. Returns the keys that were refused.</summary>
    private async Task<List<NodeId>> HandOverAsync(IReadOnlyList<NodeId> keys, List<LiveEdge> edges)
    {
        var refused = new List<NodeId>();
        while (keys.Count > 0 && edges.Count > 0)
        {
            var left = new List<NodeId>();
            foreach (var ((edge, nodeId), some) in keys.GroupBy(key => Nearest(key, edges))
                .SelectMany(group => group.Chunk(RepublishWork.MaxKeys), (group, some) => (group.Key, some)).ToList())
            {
                switch (await OfferAsync(edge, new RepublishWork(nodeId, some)))
                {
                    case false:
                        refused.AddRange(some);
                        break;
                    case null:
                        left.AddRange(some);
                        edges.Remove(edge);
                        break;
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

    private static (LiveEdge Edge, NodeId NodeId) Nearest(NodeId key, List<LiveEdge> edges) => edges
        .SelectMany(edge => edge.NodeIds.Select(id => (Edge: edge, NodeId: id)))
        .MinBy(place => place.NodeId.DistanceTo(key));
}
