using KadOrleans.Core;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Passes a shard's due keys to live edges for republishing. Each key goes to the edge with the nearest node id. If that id is not among
/// the k nearest, none of the cluster's is. Keys that no edge takes are due again at the next tick.
/// </summary>
internal sealed class ShardRepublishing(IGrainFactory grains, TimeProvider time, TimeSpan timeout, ILogger logger)
{
    /// <summary>The pause between two calls to a directory that fails, or that does not know all edges yet.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);

    /// <summary>The most such calls. They outlast an outage of five minutes.</summary>
    private const int MaxQuestions = 20;

    /// <summary>Passes on all due keys, page by page. Never fails.</summary>
    /// <param name="findAbove">Returns a page of due keys above the given one, in order. Empty at the end.</param>
    /// <param name="cancellationToken">Ends it when the shard is deactivated.</param>
    public async Task HandOverAsync(Func<NodeId?, IReadOnlyList<NodeId>> findAbove, CancellationToken cancellationToken)
    {
        try
        {
            if (findAbove(null).Count == 0)
            {
                return;
            }

            var edges = await FindEdgesAsync(cancellationToken);
            for (var page = findAbove(null); page.Count > 0 && edges.Count > 0; page = findAbove(page[^1]))
            {
                await HandOverAsync(page, edges);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Another activation takes over.
        }
        catch (Exception e)
        {
            logger.RepublishNotHandedOver(e.Message);
        }
    }

    /// <summary>
    /// The live edges. Waits until the directory knows all of them: after a move it knows only some, and each key needs the nearest of all.
    /// </summary>
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
                logger.RepublishNotHandedOver(e.Message);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>Passes on some keys. Removes edges that refuse them from the list.</summary>
    private async Task HandOverAsync(IReadOnlyList<NodeId> keys, List<LiveEdge> edges)
    {
        while (keys.Count > 0 && edges.Count > 0)
        {
            var left = new List<NodeId>();
            foreach (var group in keys.GroupBy(key => Nearest(key, edges)).ToList())
            {
                var (edge, nodeId) = group.Key;
                if (!await TryHandOverAsync(edge, new RepublishWork(nodeId, [.. group])))
                {
                    left.AddRange(group);
                    edges.Remove(edge);
                }
            }

            keys = left;
        }
    }

    private async Task<bool> TryHandOverAsync(LiveEdge edge, RepublishWork work)
    {
        try
        {
            return await edge.Observer.AcceptAsync(work).WaitAsync(timeout, time);
        }
        catch (Exception e)
        {
            logger.WorkNotTaken(work.NodeId.ToString(), nameof(RepublishWork), e.Message);
            return false;
        }
    }

    private static (LiveEdge Edge, NodeId NodeId) Nearest(NodeId key, List<LiveEdge> edges) => edges
        .SelectMany(edge => edge.NodeIds.Select(id => (Edge: edge, NodeId: id)))
        .MinBy(place => place.NodeId.DistanceTo(key));
}
