namespace KadOrleans.Client;

// The shards' results for the requests of one call. Results: in the order of the requests. Without meaning where there is no
// response. Unanswered: the places of requests whose shard failed or was too slow. The shard may still execute them. Id 2 is used up: it was
// a silo's address.
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardBatch`1")]
internal sealed record ShardBatch<T>(
    [property: Id(0)] IReadOnlyList<T> Results, [property: Id(1)] IReadOnlyList<int> Unanswered);
