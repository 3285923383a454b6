using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Edges;

/// <summary>
/// Tries until the edge's name is free, its ids are leased and their tables loaded. It never takes the name of another live edge: two
/// processes that restart whenever they end would take it from each other for ever. Nor does it take the name of an edge that may only be
/// cut off by the loss of a silo.
/// </summary>
/// <param name="context">What the edge's parts share.</param>
/// <param name="observer">Receives the grains' calls.</param>
/// <param name="bind">Binds the transport of the id at an index.</param>
/// <param name="logger">Logs each new reason to wait.</param>
internal sealed class SessionOpening(EdgeContext context, EdgeObserver observer, Func<int, IDatagramTransport> bind, ILogger logger)
{
    private string Name => context.Options.Name;

    /// <summary>Opens a session. Returns null if another process took the lease before it began.</summary>
    public async Task<EdgeSession?> OpenAsync(IEdgeObserver reference, CancellationToken cancellationToken)
    {
        bool isTold = false, isNameTold = false, isDoubtTold = false;
        var pauses = new BackOff(context.Timing.FirstPause, context.Timing.LongestPause);
        while (true)
        {
            try
            {
                switch (await context.CallAsync(context.Directory.AskForNameAsync(Name, reference), cancellationToken))
                {
                    case NameUse.Free:
                        return await LeaseAsync(reference, cancellationToken);
                    case NameUse.Held:
                        TellOnce(ref isNameTold, () => logger.NameInUse(Name));
                        context.Health.WaitFor($"another live edge uses the name {Name}");
                        break;
                    default:
                        TellOnce(ref isDoubtTold, () => logger.NameUnclear(Name, IEdgeDirectoryGrain.LeaseDuration.TotalSeconds));
                        context.Health.WaitFor($"another edge may use the name {Name}: this one waits for its response or the end of its lease");
                        break;
                }
            }
            catch (LeaseLostException)
            {
                return null;
            }
            catch (EdgeDrainedException e)
            {
                TellOnce(ref isTold, () => logger.WaitingForCluster(Name, e.Message));
                context.Health.WaitFor($"it is drained: 'kad admin edges resume {Name}' ends that");
            }
            catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
            {
                TellOnce(ref isTold, () => logger.WaitingForCluster(Name, e.Message));
                context.Health.WaitFor("the cluster gives no lease");
            }

            await Task.Delay(pauses.Next(), context.Environment.Time, cancellationToken);
        }
    }

    private static void TellOnce(ref bool isTold, Action tell)
    {
        if (!isTold)
        {
            isTold = true;
            tell();
        }
    }

    private async Task<EdgeSession> LeaseAsync(IEdgeObserver reference, CancellationToken cancellationToken)
    {
        var lease = await context.CallAsync(
            context.Directory.LeaseAsync(Name, context.Options.NodeIds, reference), cancellationToken);
        var session = await EdgeSession.OpenAsync(context, lease, observer, reference, bind, cancellationToken);
        logger.Leased(Name, lease.NodeIds.Count, lease.Epoch);
        return session;
    }
}
