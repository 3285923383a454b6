using KadOrleans.Core;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Hands what is due in a shard to live edges, each key to the one whose node id is nearest to it: if that id has been
/// pushed out of the k nearest, all of the cluster's have. What no edge takes is due again at the next tick.
/// </summary>
internal sealed class ShardRepublishing(IGrainFactory grains, TimeProvider time, TimeSpan timeout, ILogger logger)
{
    /// <summary>Between two questions to a directory that does not answer, or that does not know all edges yet.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);

    /// <summary>Such questions at most: an outage of five minutes does not cost the hour.</summary>
    private const int MaxQuestions = 20;

    /// <summary>Hands over everything, page by page. Never fails.</summary>
    /// <param name="findAbove">The keys that are due above another, in order: a page of them, none at the end.</param>
    /// <param name="cancellationToken">Ends it: the shard is deactivated.</param>
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
            // Another activation has the next hour.
        }
        catch (Exception e)
        {
            logger.RepublishNotHandedOver(e.Message);
        }
    }

    /// <summary>
    /// The live edges, once the directory knows them all. One that has just moved knows some, and each key is for the edge that
    /// is nearest to it of all.
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

    /// <summary>Hands over some keys, and takes edges that do not take them off the list.</summary>
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
