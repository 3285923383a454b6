using Orleans.CodeGeneration;
using Orleans.Services;

namespace KadOrleans.Client;

// The values of the keys with one prefix. Key: ShardLayout.ShardOf. Reads never wait for writes. A key of another shard is
// refused with ArgumentException. Callers must not change a list that they passed: within a silo it is not copied. A shard that
// was split passes all calls on to its two halves.
[Alias("kad.IKeyShardGrain")]
[Version(5)]
[OpenTo(Callers.Silos)]
internal interface IKeyShardGrain : IGrainWithIntegerKey
{
    // The timeout of a get or put: the UDP timeout of a remote node, less a second. A killed silo loses its pending calls
    // silently. With Orleans' 30 s the calls behind them would wait as long.
    const string CallTimeout = "00:00:04";

    /// <summary>Gets the values of these keys, in their order. Null for a key without a live value. At most 1,024 keys.</summary>
    [Alias("Get")]
    [OpenTo(Callers.Edges)]
    [ResponseTimeout(CallTimeout)]
    ValueTask<IReadOnlyList<StoredValue?>> GetAsync([Immutable] IReadOnlyList<NodeId> keys);

    // Puts at most 1,024 values in order, and returns the results in the same order. StoreResult.Stored means that the value is
    // in storage. A value that is already held is not written again. A put is StoreResult.Overtaken if it was received before the
    // held value (StoredValue.StoredAt), and StoreResult.Late if that was more than 9 s ago. Concurrent puts, also of several
    // calls, share one storage write. If the write fails exactly those puts fail, and memory stays equal to storage.
    [Alias("Put")]
    [OpenTo(Callers.Edges)]
    [ResponseTimeout(CallTimeout)]
    ValueTask<IReadOnlyList<StoreResult>> PutAsync([Immutable] IReadOnlyList<ShardPut> puts);

    /// <summary>Removes keys. Returns true for each that was held. Durable when it returns; throws if storage fails.</summary>
    [Alias("Remove")]
    ValueTask<IReadOnlyList<bool>> RemoveAsync(IReadOnlyList<NodeId> keys);

    /// <summary>Removes expired keys, and returns their number. Throws if storage fails.</summary>
    [Alias("RemoveExpired")]
    [OpenTo(Callers.Edges)]
    ValueTask<int> RemoveExpiredAsync(DateTimeOffset now);

    // Up to count (1 to 1,024) keys of a region above after, or from the first if it is null, with their values. In the order of
    // keys. Fewer than count are the last.
    [Alias("Scan")]
    [OpenTo(Callers.Edges)]
    ValueTask<IReadOnlyList<ShardPut>> ScanAsync(KeyRegion region, NodeId? after, int count);

    // Stops publishing at most 1,024 keys. Returns true for each that the cluster published. The values stay until they expire.
    // Durable when it returns; throws if storage fails.
    [Alias("Unpublish")]
    [OpenTo(Callers.Edges)]
    ValueTask<IReadOnlyList<bool>> UnpublishAsync(IReadOnlyList<NodeId> keys);

    // The network has these publications, at most 1,024. Returns true for each that was pending under this mark, and is not any
    // more. Durable when it returns; throws if storage fails. Since version 5.
    [Alias("ConfirmPublished")]
    ValueTask<IReadOnlyList<bool>> ConfirmPublishedAsync(IReadOnlyList<PublishedKey> published);

    // Up to count (1 to 1,024) keys above after, or from the first, that are due at now. In the order of keys. A key is due if it
    // got no STORE for an interval, or if the cluster published it a day ago (Kademlia §2.5).
    [Alias("GetDueForRepublish")]
    ValueTask<IReadOnlyList<NodeId>> GetDueForRepublishAsync(DateTimeOffset now, NodeId? after, int count);

    [Alias("GetUsage")]
    [OpenTo(Callers.Edges)]
    ValueTask<ShardUsage> GetUsageAsync();

    // The source networks that hold most keys and those that hold most bytes: up to count (1 to 1,024) of each. Reads no value.
    // Since version 4.
    [Alias("GetSources")]
    ValueTask<ShardSources> GetSourcesAsync(int count);

    /// <summary>What each of at most 1,024 source networks holds, in no order, and the totals of all. Since version 4.</summary>
    [Alias("CountSources")]
    ValueTask<ShardSources> CountSourcesAsync(IReadOnlyList<SourceNetwork> sources);

    // The changes since a state that the caller knows, or all keys. Null if the shard is split: its halves have news of their
    // own. For IShardDesk.GetNewsAsync.
    [Alias("GetNews")]
    [ResponseTimeout(CallTimeout)]
    ValueTask<ShardNews?> GetNewsAsync(ShardPoint known);

    // Splits the shard into two of one more bit. Everything is in them, and nothing here, when it returns. Gets go on meanwhile, and writes
    // wait. If it fails, everything is still here or there, and it may be called again, also of a shard that is split. Since version 2.
    [Alias("Split")]
    [ResponseTimeout("00:02:00")]
    ValueTask SplitAsync();

    // Begins the hourly work now: removes expired values, and passes on those that are due for republishing. Does not wait for
    // its end. Returns false while such work runs. Since version 3.
    [Alias("Republish")]
    ValueTask<bool> RepublishAsync();
}

/// <summary>A key and its value. The kind is used by puts alone.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardPut")]
internal readonly record struct ShardPut([property: Id(0)] NodeId Key, [property: Id(1)] StoredValue Value, [property: Id(2)] PutKind Kind = PutKind.Publication)
{
    // Whether the caller knows StoreResult.Busy, StoreResult.Late and StoreResult.Overtaken. Others get StoreResult.StorageFailed.
    [Id(3)]
    public bool TellsWhy { get; init; }

    // Whoever sets this or a condition knows StoreResult.TokenRequired and StoreResult.Superseded. A silo of 1e5aaf4c knows neither,
    // and decides as if both were left out.
    [Id(4)]
    public PutScope Scope { get; init; }

    [Id(5)]
    public ShardCondition? Condition { get; init; }

    public PutTerms Terms => new(Kind)
    {
        Scope = Scope,
        Condition = Condition is { } condition
            ? new PutCondition
            {
                Value = condition.Value,
                PublishedAt = condition.PublishedAt,
                StoredBy = condition.StoredBy,
                EndsPublication = condition.EndsPublication,
                IsAbsent = condition.IsAbsent,
            }
            : null,
    };

    public static ShardPut Of(NodeId key, StoredValue value, PutTerms terms) => new(key, value, terms.Kind)
    {
        TellsWhy = true,
        Scope = terms.Scope,
        Condition = terms.Condition is { } condition
            ? new ShardCondition(condition.Value, condition.PublishedAt, condition.StoredBy, condition.EndsPublication, condition.IsAbsent)
            : null,
    };
}

/// <summary>A <see cref="PutCondition"/> between processes.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardCondition")]
internal sealed record ShardCondition(
    [property: Id(0)] DhtValue? Value,
    [property: Id(1)] DateTimeOffset? PublishedAt,
    [property: Id(2)] DateTimeOffset? StoredBy,
    [property: Id(3)] bool EndsPublication,
    [property: Id(4)] bool IsAbsent);

/// <summary>A publication that the network has, with the <see cref="StoredValue.PendingSince"/> that it was stored with.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.PublishedKey")]
internal readonly record struct PublishedKey([property: Id(0)] NodeId Key, [property: Id(1)] DateTimeOffset Mark);

/// <summary>The keys that a shard holds, expired ones included, and the footprint of their values.</summary>
[GenerateSerializer]
[Alias("kad.ShardUsage")]
internal readonly record struct ShardUsage([property: Id(0)] long Keys, [property: Id(1)] long Bytes);

/// <summary>A <see cref="SourceRanking"/> between processes.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardSources")]
internal sealed record ShardSources(
    [property: Id(0)] long Keys,
    [property: Id(1)] long Bytes,
    [property: Id(2)] IReadOnlyList<ShardSource> Sources,
    [property: Id(3)] long MostOtherKeys,
    [property: Id(4)] long MostOtherBytes)
{
    public static ShardSources Of(SourceRanking ranking) => new(
        ranking.Keys,
        ranking.Bytes,
        [.. ranking.Sources.Select(one => new ShardSource(one.Source, one.Keys, one.Bytes))],
        ranking.MostOtherKeys,
        ranking.MostOtherBytes);

    public SourceRanking ToRanking() => new(
        Keys, Bytes, [.. Sources.Select(one => new SourceTotals(one.Source, one.Keys, one.Bytes))], MostOtherKeys, MostOtherBytes);
}

[GenerateSerializer]
[Immutable]
[Alias("kad.ShardSource")]
internal readonly record struct ShardSource([property: Id(0)] SourceNetwork Source, [property: Id(1)] long Keys, [property: Id(2)] long Bytes);

// A silo's desk: it takes requests for many shards in one call, so that an edge needs no call for each datagram. Its id has the
// silo's address (ShardNews.Desk), so an edge chooses the silo. Its promises are those of IKeyShardGrain. The runtime negotiates
// no version of a service: a silo that does not know a method refuses the call, and its caller calls the shards.
[Alias("kad.IShardDesk")]
[Version(0)]
[OpenTo(Callers.Edges)]
internal interface IShardDesk : IGrainService
{
    // Gets these keys, at most 1,024, as IKeyShardGrain.GetAsync does. Values in the silo's cache cost no call to their shards.
    [Alias("Get")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoredValue?>> GetAsync([Immutable] IReadOnlyList<NodeId> keys);

    // Puts these values, at most 1,024, as IKeyShardGrain.PutAsync does. Those of one shard stay in order.
    [Alias("Put")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoreResult>> PutAsync([Immutable] IReadOnlyList<ShardPut> puts);

    // The changes of these shards, at most 1,024, wherever they are. A silo asks a shard for all its callers, so they may be some 100 ms old.
    // Shards that do not respond are left out, and so is what would make the response too large: the caller asks for them again, first.
    [Alias("GetNews")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync([Immutable] IReadOnlyList<ShardPoint> known);

    /// <summary>The news of shards that another silo takes to be on this one, under the same bounds.</summary>
    [Alias("AskShards")]
    [OpenTo(Callers.Silos)]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<IReadOnlyList<ShardNews>> AskShardsAsync([Immutable] IReadOnlyList<ShardPoint> known);
}

// The shards' results for the requests of one call. Results: in the order of the requests. Without meaning where there is no
// response. Unanswered: the places of requests whose shard failed or was too slow. The shard may still execute them. Silo: the
// silo that distributed them, for edges of the release before.
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardBatch`1")]
internal sealed record ShardBatch<T>(
    [property: Id(0)] IReadOnlyList<T> Results, [property: Id(1)] IReadOnlyList<int> Unanswered, [property: Id(2)] SiloAddress? Silo = null);

// Any silo's IShardDesk: for an edge that knows none yet, and for edges of the release before, which call this alone. A stateless
// worker of every silo. A client reaches one key through one silo, and different keys through different silos.
[Alias("kad.IShardBatchGrain")]
[Version(1)]
[OpenTo(Callers.Edges)]
internal interface IShardBatchGrain : IGrainWithIntegerKey
{
    [Alias("Get")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoredValue?>> GetAsync([Immutable] IReadOnlyList<NodeId> keys);

    [Alias("Put")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoreResult>> PutAsync([Immutable] IReadOnlyList<ShardPut> puts);

    [Alias("GetNews")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync([Immutable] IReadOnlyList<ShardPoint> known);
}

/// <summary>The state of a shard's keys that a caller knows, by its <see cref="ShardNews"/>. The generation is 0 if nothing is known.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardPoint")]
internal readonly record struct ShardPoint(
    [property: Id(0)] long Shard, [property: Id(1)] long Generation, [property: Id(2)] long Version);

// What changed in a shard since a ShardPoint: either its changes, or a filter of its keys. Who has both from the first filter on
// knows which keys the shard does not hold, and which values it knows are still held. Generation: the filter's random number. An
// activation, and each new filter of it, has another. Version: the number of changes since the generation began. Changed: the keys
// that were stored, changed or removed since the caller's version. A key may be there twice. Filter: a KeyFilter of all keys. Null
// if the caller's generation is this one and Changed is complete. Age: how old this is at most: every change before is in it. Silo:
// where the shard is active. Null from older silos. Desk: the IShardDesk there. The id has the gateway's address, by which a client
// sends it there itself. Within a silo it needs the address of Silo instead. Null from older silos.
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardNews")]
internal sealed record ShardNews(
    [property: Id(0)] long Shard,
    [property: Id(1)] long Generation,
    [property: Id(2)] long Version,
    [property: Id(3)] IReadOnlyList<NodeId> Changed,
    [property: Id(4)] byte[]? Filter,
    [property: Id(5)] TimeSpan Age,
    [property: Id(6)] SiloAddress? Silo = null,
    [property: Id(7)] GrainId? Desk = null)
{
    /// <summary>Whether the changes begin where a state ends, so that nothing between is missing.</summary>
    public bool Continues(long generation, long version) => generation == Generation && version + Changed.Count == Version;
}
