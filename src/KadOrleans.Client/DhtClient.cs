using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Dht;
using Orleans.Runtime.Messaging;

namespace KadOrleans.Client;

/// <summary>The DHT through an Orleans client, or from within a silo.</summary>
public sealed class DhtClient : IDhtClient
{
    /// <summary>A client reaches a grain through one silo, and different ones through different silos.</summary>
    private const int Ways = 16;

    private readonly IGrainFactory _grains;
    private uint _turn;

    /// <summary>A client over a connected Orleans client's grain factory, or a silo's.</summary>
    public DhtClient(IGrainFactory grains)
    {
        ArgumentNullException.ThrowIfNull(grains);
        _grains = grains;
    }

    /// <inheritdoc/>
    public ValueTask<DhtGetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default) =>
        CallAsync(dht => dht.GetAsync(key, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DhtSetResult> SetAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default)
    {
        RequireStorable(value);
        return CallAsync(dht => dht.SetAsync(key, value, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default) =>
        CallAsync(dht => dht.UnpublishAsync(key, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DhtLookup> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default) =>
        CallAsync(dht => dht.FindNodeAsync(target, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DhtPingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        if (!endpoint.IsUnicast)
        {
            throw new ArgumentException($"No node can have the address {endpoint}.", nameof(endpoint));
        }

        return CallAsync(dht => dht.PingAsync(endpoint, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<DhtStatus> GetStatusAsync(CancellationToken cancellationToken = default) =>
        CallAsync(static dht => dht.GetStatusAsync(), cancellationToken);

    private static void RequireStorable(DhtValue value)
    {
        switch (StoreRules.Check(value))
        {
            case StoreResult.Stored:
                return;
            case StoreResult.TooLarge:
                throw new ArgumentException(
                    $"The value is {value.ContentLength} bytes long; at most {StoreRules.MaxContentLength} are allowed.", nameof(value));
            default:
                throw new ArgumentException(
                    "There is no value; text, a whole number, a floating-point number, a boolean or bytes is needed.", nameof(value));
        }
    }

    private async ValueTask<T> CallAsync<T>(Func<IDhtGrain, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await call(_grains.GetGrain<IDhtGrain>(Interlocked.Increment(ref _turn) % Ways)).AsTask().WaitAsync(cancellationToken);
        }
        catch (ShardUnavailableException e)
        {
            throw new ClusterUnavailableException(e.Message, e);
        }
        catch (Exception e) when (e is OrleansMessageRejectionException or ConnectionFailedException or GatewayTooBusyException
            or ClientNotAvailableException or TimeoutException)
        {
            throw new ClusterUnavailableException("The cluster does not answer: see whether its silos run and this client reaches them.", e);
        }
    }
}
