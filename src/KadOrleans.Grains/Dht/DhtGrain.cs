using System.Runtime.ExceptionServices;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Dht;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace KadOrleans.Grains.Dht;

/// <summary>The DHT as clients call it. Holds nothing but a list of edges; its calls interleave, as lookups take seconds.</summary>
[StatelessWorker]
[Reentrant]
internal sealed class DhtGrain(
    IGrainFactory grains,
    IOptions<KadClusterOptions> options,
    IRandomSource random,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<DhtGrain> logger) : Grain, IDhtGrain
{
    private readonly EdgeCaller _edges = new(grains, random, time, options.Value.EdgeTimeout, logger);

    public async ValueTask<DhtGetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        ExceptionDispatchInfo? shardFailure = null;
        try
        {
            var values = await ShardOf(key).GetAsync([key]).AsTask().WaitAsync(cancellationToken);
            if (values[0] is { } own)
            {
                return new DhtGetResult(own.Value, null);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.ShardFailed(e.Message);
            shardFailure = ExceptionDispatchInfo.Capture(e);
        }

        var result = await _edges.CallAsync(edge => edge.GetAsync(key), cancellationToken);
        if (!result.Found)
        {
            // The cluster may hold the value all the same: this is no "not found".
            shardFailure?.Throw();
        }

        return result;
    }

    public async ValueTask<DhtSetResult> SetAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default)
    {
        if (StoreRules.Check(value) is var rule && rule != StoreResult.Stored)
        {
            throw new ArgumentException(
                rule == StoreResult.TooLarge
                    ? $"The value has {value.ContentLength} bytes; {StoreRules.MaxContentLength} are the most that the network stores."
                    : "The value is of none of the five types that the network stores.",
                nameof(value));
        }

        var own = PutAsync(key, value);
        var network = SpreadAsync(key, value, cancellationToken);
        await Task.WhenAll(own, network).WaitAsync(cancellationToken);
        return (await network) with { Cluster = await own };
    }

    public async ValueTask<DhtLookup> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default) =>
        await _edges.CallAsync(edge => edge.FindNodeAsync(target), cancellationToken);

    public async ValueTask<DhtPingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        if (!endpoint.IsUnicast)
        {
            throw new ArgumentException($"No node can be reached at {endpoint}.", nameof(endpoint));
        }

        return await _edges.CallAsync(edge => edge.PingAsync(endpoint), cancellationToken);
    }

    public async ValueTask<DhtStatus> GetStatusAsync()
    {
        var settings = await grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetAsync();
        var edges = await grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).GetLiveAsync();
        return new DhtStatus(
            settings,
            [.. edges.Select(edge => new EdgeStatus(edge.Name, [.. edge.NodeIds.Select(id => id.ToString())], edge.Report))]);
    }

    private IKeyShardGrain ShardOf(NodeId key) => grains.GetGrain<IKeyShardGrain>(GrainKeys.Shard(key, options.Value.ShardBits));

    private async Task<StoreResult> PutAsync(NodeId key, DhtValue value)
    {
        var now = time.GetUtcNow();
        var stored = new StoredValue(value, now, now + options.Value.Kademlia.ValueTimeToLive, SourceNetwork.Trusted);
        try
        {
            return (await ShardOf(key).PutAsync([new ShardPut(key, stored)]))[0];
        }
        catch (Exception e)
        {
            logger.ShardFailed(e.Message);
            return StoreResult.StorageFailed;
        }
    }

    private async Task<DhtSetResult> SpreadAsync(NodeId key, DhtValue value, CancellationToken cancellationToken)
    {
        try
        {
            return await _edges.CallAsync(edge => edge.SetAsync(key, value), cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The cluster's copy stands, and the result says that the network has none.
            logger.NetworkNotReached(e.Message);
            return new DhtSetResult();
        }
    }
}
