namespace KadOrleans.Grains.Abstractions.Values;

/// <summary>What shards said to the requests of one call.</summary>
/// <param name="Results">In the order of the requests; without meaning where there is no answer.</param>
/// <param name="Unanswered">
/// The places of requests whose shard failed, or took longer than the others should wait: it may still do what it was asked.
/// </param>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardBatch`1")]
public sealed record ShardBatch<T>([property: Id(0)] IReadOnlyList<T> Results, [property: Id(1)] IReadOnlyList<int> Unanswered);
