namespace KadOrleans;

/// <summary>The edges, silos and shards of a cluster: a part of <see cref="IDhtAdmin"/>. One node has none of them.</summary>
public interface IDhtMembers
{
    /// <summary>The edges of a cluster by name, in their order. Empty for a node.</summary>
    Task<IReadOnlyList<EdgeDetails>> GetEdgesAsync(CancellationToken cancellationToken = default);

    /// <summary>Changes an edge's name, durably. Returns false if nothing had to be changed.</summary>
    /// <exception cref="ArgumentException">The name is unknown, its state does not allow it, or this is one node.</exception>
    Task<bool> ChangeEdgeAsync(string name, EdgeAction action, CancellationToken cancellationToken = default);

    /// <summary>The number of a cluster's shards.</summary>
    /// <exception cref="ArgumentException">The cluster has no settings yet, or this is one node.</exception>
    Task<ShardCount> GetShardsAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Begins to double the number of a cluster's shards, which cannot be stopped. A call that is made again, also after the doubling, does
    /// not double once more.
    /// </summary>
    /// <param name="count">The number of shards that is to be doubled.</param>
    /// <param name="cancellationToken">Ends the wait; the doubling may have begun.</param>
    /// <exception cref="ArgumentException">
    /// The cluster has neither so many shards nor twice as many, it has the most, or this is one node.
    /// </exception>
    Task<ShardCount> DoubleShardsAsync(int count, CancellationToken cancellationToken = default);

    /// <summary>
    /// The silos of a cluster: those that are not dead by address, and behind them the last 20 dead ones. A silo that is asked over HTTP tells
    /// what it knows, also while it is not ready. Empty for a node.
    /// </summary>
    Task<IReadOnlyList<SiloDetails>> GetSilosAsync(CancellationToken cancellationToken = default);

    /// <summary>The shard of a key, and the silo that it is active on. It is not activated by this.</summary>
    /// <exception cref="ArgumentException">This is one node.</exception>
    Task<ShardDetails> FindShardAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>The shard of a number, from 0, and the silo that it is active on. It is not activated by this.</summary>
    /// <exception cref="ArgumentException">There is no such shard, or this is one node.</exception>
    Task<ShardDetails> GetShardAsync(int number, CancellationToken cancellationToken = default);
}
