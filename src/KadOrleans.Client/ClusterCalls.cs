using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Dht;

namespace KadOrleans.Client;

/// <summary>Makes calls to a cluster's facade, and turns their failures into those of the public interfaces.</summary>
internal static class ClusterCalls
{
    /// <summary>Makes a call.</summary>
    /// <exception cref="DhtUnavailableException">The silos, a shard or the edges do not respond.</exception>
    public static async Task<T> RunAsync<T>(Func<ValueTask<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await call().AsTask().WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is ShardUnavailableException or NoLiveEdgeException)
        {
            throw new DhtUnavailableException(e.Message, e);
        }
        catch (Exception e) when (GrainCalls.IsTransient(e))
        {
            throw new DhtUnavailableException(
                "The cluster does not respond: check that its silos run and that this client reaches them.", e);
        }
    }
}
