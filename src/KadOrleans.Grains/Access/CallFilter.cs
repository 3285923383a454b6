using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Access;
using KadOrleans.Grains.Abstractions.Dht;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Managing;
using KadOrleans.Grains.Abstractions.Routing;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.Options;

namespace KadOrleans.Grains.Access;

/// <summary>
/// Refuses calls from processes outside the silos by <see cref="CallPolicy"/>, if the silos have an
/// <see cref="KadClusterOptions.EdgeKey"/>. Without the key, edges and other clients look the same.
/// </summary>
internal sealed class CallFilter(IOptions<KadClusterOptions> options) : IIncomingGrainCallFilter
{
    // The prefix of the client's id within a silo. Clients of other processes have random numbers.
    private static readonly byte[] Hosted = "hosted-"u8.ToArray();

    private readonly byte[]? _key = options.Value.EdgeKey is { Length: > 0 } key ? Encoding.UTF8.GetBytes(key) : null;

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (_key is not null && IsOutside(context.SourceId))
        {
            Check(context, _key);
        }

        return context.Invoke();
    }

    // Some calls of the runtime name no source; calls of this project's grains all do.
    private static bool IsOutside(GrainId? source) =>
        source is not { } id || (id.IsClient() && !id.Key.AsSpan().StartsWith(Hosted));

    private static void Check(IIncomingGrainCallContext context, byte[] key)
    {
        var grain = context.Request.GetInterfaceType();
        if (CallPolicy.IsOpenToClients(grain))
        {
            return;
        }

        if (!CallPolicy.IsOpenToEdges(grain, context.MethodName))
        {
            throw Refused(grain, context, "silos alone", string.Empty);
        }

        if (RequestContext.Get(EdgeKey.ContextKey) is not string given || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), key))
        {
            throw Refused(grain, context, "edges alone", $", and the caller's {EdgeKey.Setting} is missing or differs from the silos'");
        }

        // Removed, so that it reaches neither other silos nor the grains' logs.
        RequestContext.Remove(EdgeKey.ContextKey);
    }

    private static CallRefusedException Refused(Type grain, IIncomingGrainCallContext context, string whom, string why) =>
        new($"{grain.Name}.{context.MethodName} is open to {whom}{why}; clients use {nameof(IDhtGrain)}.");
}

/// <summary>Which of this project's grain methods processes outside the silos may call. Other projects guard their own grains.</summary>
internal static class CallPolicy
{
    private static readonly FrozenDictionary<Type, FrozenSet<string>> OfEdges = new Dictionary<Type, FrozenSet<string>>
    {
        [typeof(IShardBatchGrain)] = Names(
            nameof(IShardBatchGrain.GetAsync), nameof(IShardBatchGrain.PutAsync), nameof(IShardBatchGrain.GetNewsAsync)),
        [typeof(IKeyShardGrain)] = Names(
            nameof(IKeyShardGrain.GetAsync),
            nameof(IKeyShardGrain.PutAsync),
            nameof(IKeyShardGrain.ScanAsync),
            nameof(IKeyShardGrain.UnpublishAsync),
            nameof(IKeyShardGrain.RemoveExpiredAsync),
            nameof(IKeyShardGrain.GetUsageAsync)),
        [typeof(IRoutingTableGrain)] = Names(
            nameof(IRoutingTableGrain.ObserveAsync),
            nameof(IRoutingTableGrain.SubscribeAsync),
            nameof(IRoutingTableGrain.SubscribeForChangesAsync),
            nameof(IRoutingTableGrain.UnsubscribeAsync),
            nameof(IRoutingTableGrain.GetSnapshotAsync)),
        [typeof(IEdgeDirectoryGrain)] = Names(
            nameof(IEdgeDirectoryGrain.AskForNameAsync),
            nameof(IEdgeDirectoryGrain.IsHeldByAnotherAsync),
            nameof(IEdgeDirectoryGrain.LeaseAsync),
            nameof(IEdgeDirectoryGrain.RenewAsync),
            nameof(IEdgeDirectoryGrain.ReleaseAsync),
            nameof(IEdgeDirectoryGrain.GetLiveAsync),
            nameof(IEdgeDirectoryGrain.GetUtcNowAsync)),
        [typeof(IRulesGrain)] = Names(nameof(IRulesGrain.FetchAsync)),
        [typeof(IClusterGrain)] = Names(
            nameof(IClusterGrain.GetAsync), nameof(IClusterGrain.GetShardsAsync), nameof(IClusterGrain.DoubleShardsAsync)),
    }.ToFrozenDictionary();

    /// <summary>Whether any client may call it: true for the facade and for grains of other projects.</summary>
    public static bool IsOpenToClients(Type grain) => grain == typeof(IDhtGrain) || grain.Assembly != typeof(IDhtGrain).Assembly;

    /// <summary>Whether edges may call it.</summary>
    public static bool IsOpenToEdges(Type grain, string method) => OfEdges.TryGetValue(grain, out var methods) && methods.Contains(method);

    private static FrozenSet<string> Names(params IEnumerable<string> names) => names.ToFrozenSet(StringComparer.Ordinal);
}
