using System.Collections.Frozen;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Dht;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Routing;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Access;

/// <summary>Which of this project's methods processes outside the silos may call. What others bring is theirs to guard.</summary>
internal static class CallPolicy
{
    private static readonly FrozenDictionary<Type, FrozenSet<string>> OfEdges = new Dictionary<Type, FrozenSet<string>>
    {
        [typeof(IShardBatchGrain)] = Names(nameof(IShardBatchGrain.GetAsync), nameof(IShardBatchGrain.PutAsync)),
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
        [typeof(IClusterGrain)] = Names(nameof(IClusterGrain.GetAsync)),
    }.ToFrozenDictionary();

    /// <summary>Whether anybody may call it: the facade, and what is not this project's.</summary>
    public static bool IsOpenToClients(Type grain) => grain == typeof(IDhtGrain) || grain.Assembly != typeof(IDhtGrain).Assembly;

    /// <summary>Whether an edge calls it for its work.</summary>
    public static bool IsOpenToEdges(Type grain, string method) => OfEdges.TryGetValue(grain, out var methods) && methods.Contains(method);

    private static FrozenSet<string> Names(params IEnumerable<string> names) => names.ToFrozenSet(StringComparer.Ordinal);
}
