using KadOrleans.Core;
using KadOrleans.Core.Values;
using Orleans.CodeGeneration;

namespace KadOrleans.Grains.Abstractions.Values;

/// <summary>
/// The values of the keys with one prefix. Key: <see cref="GrainKeys.Shard"/>. Reads are answered from memory and do not wait
/// for writes. A key of another shard is refused with <see cref="ArgumentException"/>. A list that was handed over may not be
/// changed afterwards: within a silo it is not copied.
/// </summary>
[Alias("kad.IKeyShardGrain")]
[Version(0)]
internal interface IKeyShardGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// How long a get or a put may take, and be under way: what a node that asks over UDP waits, less a second. A silo that
    /// is killed takes the calls in it along without a word. With Orleans' 30 s the calls behind them would wait as long.
    /// </summary>
    const string CallTimeout = "00:00:04";

    /// <summary>The values of these keys, in their order; null for a key without one that is alive. At most 1,024 keys.</summary>
    [Alias("Get")]
    [ResponseTimeout(CallTimeout)]
    ValueTask<IReadOnlyList<StoredValue?>> GetAsync([Immutable] IReadOnlyList<NodeId> keys);

    /// <summary>
    /// Puts values in their order and answers in the same; at most 1,024. <see cref="StoreResult.Stored"/> means that the
    /// value is in storage. What is held already is not written again. A put that was taken in before the one that is held
    /// (<see cref="StoredValue.StoredAt"/>), or more than 9 s ago, is not done and answered as a write that failed. Puts that arrive
    /// together, in one call or in several, share one storage write. A write that
    /// fails fails exactly those puts (<see cref="StoreResult.StorageFailed"/>) and leaves memory as storage is.
    /// </summary>
    [Alias("Put")]
    [ResponseTimeout(CallTimeout)]
    ValueTask<IReadOnlyList<StoreResult>> PutAsync([Immutable] IReadOnlyList<ShardPut> puts);

    /// <summary>Removes keys; true for each that was held. Durable when it returns; storage failures throw.</summary>
    [Alias("Remove")]
    ValueTask<IReadOnlyList<bool>> RemoveAsync(IReadOnlyList<NodeId> keys);

    /// <summary>Removes what is expired, and returns how many keys that were. Storage failures throw.</summary>
    [Alias("RemoveExpired")]
    ValueTask<int> RemoveExpiredAsync(DateTimeOffset now);

    /// <summary>
    /// Up to <paramref name="count"/> (1 to 1,024) keys above <paramref name="after"/> in the order of keys, with their
    /// values; from the first if null.
    /// </summary>
    [Alias("Scan")]
    ValueTask<IReadOnlyList<ShardPut>> ScanAsync(NodeId? after, int count);

    /// <summary>
    /// Stops publishing keys; true for each that the cluster published. Their values stay until they expire. At most
    /// 1,024 keys. Durable when it returns; storage failures throw.
    /// </summary>
    [Alias("Unpublish")]
    ValueTask<IReadOnlyList<bool>> UnpublishAsync(IReadOnlyList<NodeId> keys);

    /// <summary>
    /// Up to <paramref name="count"/> (1 to 1,024) keys above <paramref name="after"/> in the order of keys, or from the
    /// first, that are due to go out again at <paramref name="now"/>: no STORE of them came in for an interval, or the
    /// cluster published them a day ago (Kademlia §2.5).
    /// </summary>
    [Alias("GetDueForRepublish")]
    ValueTask<IReadOnlyList<NodeId>> GetDueForRepublishAsync(DateTimeOffset now, NodeId? after, int count);

    /// <summary>What the shard holds.</summary>
    [Alias("GetUsage")]
    ValueTask<ShardUsage> GetUsageAsync();
}

/// <summary>A key and its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value, as it is held or is to be held.</param>
/// <param name="Kind">Of a put: where the value comes from.</param>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardPut")]
internal readonly record struct ShardPut([property: Id(0)] NodeId Key, [property: Id(1)] StoredValue Value, [property: Id(2)] PutKind Kind = PutKind.Publication);

/// <summary>What a shard holds.</summary>
/// <param name="Keys">Keys, expired ones included until they are removed.</param>
/// <param name="Bytes">Footprint of their values in bytes.</param>
[GenerateSerializer]
[Alias("kad.ShardUsage")]
internal readonly record struct ShardUsage([property: Id(0)] long Keys, [property: Id(1)] long Bytes);
