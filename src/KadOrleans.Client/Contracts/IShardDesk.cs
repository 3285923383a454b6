using Orleans.CodeGeneration;
using Orleans.Services;

namespace KadOrleans.Client;

// A silo's desk: it takes requests for many shards in one call, so that an edge needs no call for each datagram. Its id has the
// silo's address (ShardNews.Desk), so an edge chooses the silo. Its promises are those of IKeyShardGrain. The runtime negotiates
// no version of a service: a silo that does not know a method refuses the call, and its caller calls the shards.
[Alias("kad.IShardDesk")]
[Version(0)]
[OpenTo(Callers.Clients)]
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
