using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Access;
using KadOrleans.Grains.Abstractions.Values;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.CodeGeneration;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace KadOrleans.Grains.Values;

/// <summary>Asks shards for another silo, which takes them to be on this one.</summary>
[Alias("kad.IShardNewsService")]
[Version(0)]
[OpenTo(Callers.Silos)]
internal interface IShardNewsService : IGrainService
{
    /// <summary>The news of these shards. Shards that do not respond are left out, and so is what would make the response too large.</summary>
    [Alias("Get")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    Task<IReadOnlyList<ShardNews>> GetAsync([Immutable] IReadOnlyList<ShardPoint> known);
}

/// <inheritdoc cref="IShardNewsService"/>
internal sealed class ShardNewsService(
    GrainId id,
    Silo silo,
    ILoggerFactory loggers,
    IGrainFactory grains,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time)
    : GrainService(id, silo, loggers), IShardNewsService
{
    /// <summary>The most bytes of filters in one response.</summary>
    private const long MaxResponse = 1L << 20;

    // Cached, as making a reference costs more than a call.
    private readonly Dictionary<long, IKeyShardGrain> _shards = [];

    public async Task<IReadOnlyList<ShardNews>> GetAsync(IReadOnlyList<ShardPoint> known)
    {
        Task<ShardNews?>[] asked = [.. known.Select(point => ShardOf(point.Shard).GetNewsAsync(point).AsTask())];
        var all = Task.WhenAll(asked);
        GrainCalls.Ignore(all);
        await ((Task)all.WaitAsync(ShardBatchGrain.ShardTimeout, time))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        long bytes = 0;
        return [.. asked.Where(news => news.IsCompletedSuccessfully).Select(news => news.Result).OfType<ShardNews>().TakeWhile(IsWithinResponse)];

        bool IsWithinResponse(ShardNews news) => (bytes += news.Filter?.Length ?? 0) <= MaxResponse;
    }

    private IKeyShardGrain ShardOf(long shard) =>
        _shards.TryGetValue(shard, out var grain) ? grain : _shards[shard] = grains.GetGrain<IKeyShardGrain>(shard);
}

/// <summary>Calls the services of silos.</summary>
internal sealed class ShardNewsServices(IServiceProvider services) : GrainServiceClient<IShardNewsService>(services)
{
    /// <summary>Has a silo ask shards.</summary>
    public Task<IReadOnlyList<ShardNews>> AskAsync(SiloAddress silo, IReadOnlyList<ShardPoint> known) => GetGrainService(silo).GetAsync(known);
}
