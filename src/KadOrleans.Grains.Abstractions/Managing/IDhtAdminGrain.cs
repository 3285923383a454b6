using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Access;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Routing;
using KadOrleans.Grains.Abstractions.Values;
using Orleans.CodeGeneration;

namespace KadOrleans.Grains.Abstractions.Managing;

/// <summary>
/// Looks into a cluster and changes what it holds. Any grain key will do. If the silos have an edge key only silos may call it: neither
/// edges nor clients can prove that they may manage. Changes are durable when a call returns. A call takes 28 s at most.
/// </summary>
[Alias("kad.IDhtAdminGrain")]
[Version(4)]
[OpenTo(Callers.Silos)]
internal interface IDhtAdminGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Up to <paramref name="count"/> (1 to 1,000) live keys of a region above <paramref name="after"/>, or from the first, in the order of
    /// keys. Reads a bounded number of shards. So there may be fewer keys although others follow.
    /// </summary>
    [Alias("Scan")]
    ValueTask<AdminPage> ScanAsync(KeyRegion region, NodeId? after, int count);

    /// <summary>What the cluster holds of a key, and what the k nearest nodes hold now, as a live edge finds them.</summary>
    [Alias("DescribeKey")]
    ValueTask<AdminKeyDetails> DescribeKeyAsync(NodeId key);

    /// <summary>Stops publishing a key, and removes it from its shard.</summary>
    [Alias("Delete")]
    ValueTask<AdminDeletion> DeleteAsync(NodeId key);

    /// <summary>The usage of all shards. Those that do not respond in time are missing.</summary>
    [Alias("GetUsage")]
    ValueTask<IReadOnlyList<AdminShardUsage>> GetUsageAsync();

    /// <summary>
    /// The source networks that hold most keys and those that hold most bytes: up to <paramref name="count"/> (1 to 500) of each. Since
    /// version 2.
    /// </summary>
    [Alias("GetSources")]
    ValueTask<AdminSources> GetSourcesAsync(int count);

    /// <summary>The table of a live edge's node id. Null: of the only one. An <see cref="ArgumentException"/> says which ids there are.</summary>
    [Alias("GetTable")]
    ValueTask<AdminTable> GetTableAsync(NodeId? id);

    /// <summary>Looks a target up from a live edge, and tells each query.</summary>
    [Alias("TraceLookup")]
    ValueTask<AdminTrace> TraceLookupAsync(NodeId target, LookupKind kind);

    /// <summary>All names of edges.</summary>
    [Alias("GetEdges")]
    ValueTask<IReadOnlyList<EdgeName>> GetEdgesAsync();

    /// <summary>Changes a name, as <see cref="IEdgeDirectoryGrain.ChangeAsync"/> does.</summary>
    [Alias("ChangeEdge")]
    ValueTask<bool> ChangeEdgeAsync(string name, NameChange change);

    /// <summary>What the tables of the live edges know of a contact.</summary>
    [Alias("GetContact")]
    ValueTask<IReadOnlyList<AdminContact>> GetContactAsync(NodeId id);

    /// <summary>Drops a contact from the tables of the live edges. Returns how many had it.</summary>
    [Alias("DropContact")]
    ValueTask<int> DropContactAsync(NodeId id);

    /// <summary>Begins a refresh or a walk of all tables. Returns how many edges took it.</summary>
    [Alias("RunTables")]
    ValueTask<int> RunTablesAsync(bool isWalk);

    /// <summary>Begins the hourly work of all shards. Returns how many took it.</summary>
    [Alias("RunShards")]
    ValueTask<int> RunShardsAsync();

    /// <summary>The number of shards, which it begins to double if asked to. An <see cref="ArgumentException"/> says why it cannot.</summary>
    [Alias("GetShards")]
    ValueTask<ShardStatus> GetShardsAsync(bool isDoubled);

    /// <summary>The cluster's silos, as <see cref="IClusterSilos.ReadAsync"/> tells them. Since version 4.</summary>
    [Alias("GetSilos")]
    ValueTask<IReadOnlyList<AdminSilo>> GetSilosAsync();

    /// <summary>Where a shard is active, as <see cref="IClusterSilos.FindShardAsync"/> tells it. Since version 4.</summary>
    [Alias("FindShard")]
    ValueTask<AdminShard> FindShardAsync(NodeId? key, int number);

    /// <summary>Adds an entry to the audit log, as <see cref="IAuditGrain.AppendAsync"/> does.</summary>
    [Alias("Note")]
    ValueTask<bool> NoteAsync(AuditRecord entry);

    /// <summary>Reads the audit log, as <see cref="IAuditGrain.ReadAsync"/> does.</summary>
    [Alias("ReadAudit")]
    ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(int count, long? before);

    /// <summary>What an operator has set, as <see cref="IRulesGrain"/> has it.</summary>
    [Alias("GetRules")]
    ValueTask<ClusterRules> GetRulesAsync();

    /// <summary>Bans or unbans, as <see cref="IRulesGrain.BanAsync"/> does.</summary>
    [Alias("Ban")]
    ValueTask<RuleChange> BanAsync(string ban, bool isBanned);

    /// <summary>Changes a limit, as <see cref="IRulesGrain.SetLimitAsync"/> does.</summary>
    [Alias("SetLimit")]
    ValueTask<RuleChange> SetLimitAsync(string name, long? value);
}

/// <summary>Some keys.</summary>
/// <param name="Keys">The keys in ascending order.</param>
/// <param name="Next">Where the next page begins; null after the last one.</param>
[GenerateSerializer]
[Alias("kad.AdminPage")]
internal sealed record AdminPage([property: Id(0)] IReadOnlyList<AdminKey> Keys, [property: Id(1)] NodeId? Next);

/// <summary>A held key without its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Kind">The value's type.</param>
/// <param name="Length">The value's content in bytes.</param>
/// <param name="StoredAt">When the last STORE of it arrived.</param>
/// <param name="ExpiresAt">The end of its life.</param>
/// <param name="Source">The network that it is counted against.</param>
/// <param name="PublishedAt">When the cluster published it last; null if it does not.</param>
[GenerateSerializer]
[Alias("kad.AdminKey")]
internal sealed record AdminKey(
    [property: Id(0)] NodeId Key,
    [property: Id(1)] DhtValueKind Kind,
    [property: Id(2)] int Length,
    [property: Id(3)] DateTimeOffset StoredAt,
    [property: Id(4)] DateTimeOffset ExpiresAt,
    [property: Id(5)] SourceNetwork Source,
    [property: Id(6)] DateTimeOffset? PublishedAt);

/// <summary>A key in full.</summary>
/// <param name="Held">The cluster's live value; null if there is none.</param>
/// <param name="Nearest">The k nearest nodes, nearest first.</param>
/// <param name="NetworkProblem">Why no edge could ask them; null if one did.</param>
[GenerateSerializer]
[Alias("kad.AdminKeyDetails")]
internal sealed record AdminKeyDetails(
    [property: Id(0)] StoredValue? Held, [property: Id(1)] IReadOnlyList<AdminHolder> Nearest, [property: Id(2)] string? NetworkProblem);

/// <summary>What a node holds of a key.</summary>
/// <param name="Contact">The node.</param>
/// <param name="Answered">Whether it responded.</param>
/// <param name="Value">Its value, if it has one.</param>
[GenerateSerializer]
[Alias("kad.AdminHolder")]
internal sealed record AdminHolder([property: Id(0)] Contact Contact, [property: Id(1)] bool Answered, [property: Id(2)] DhtValue? Value);

/// <summary>The result of a deletion.</summary>
/// <param name="WasHeld">Whether the shard held a value.</param>
/// <param name="WasPublished">Whether the cluster published the key.</param>
[GenerateSerializer]
[Alias("kad.AdminDeletion")]
internal sealed record AdminDeletion([property: Id(0)] bool WasHeld, [property: Id(1)] bool WasPublished);

/// <summary>A shard's usage.</summary>
/// <param name="Shard">Its number.</param>
/// <param name="Usage">Null if it did not respond in time.</param>
[GenerateSerializer]
[Alias("kad.AdminShardUsage")]
internal sealed record AdminShardUsage([property: Id(0)] long Shard, [property: Id(1)] ShardUsage? Usage);

/// <summary>The usage by source network.</summary>
/// <param name="Ranking">The networks that hold most, and totals.</param>
/// <param name="Missing">The shards that did not respond in time.</param>
[GenerateSerializer]
[Alias("kad.AdminSources")]
internal sealed record AdminSources([property: Id(0)] ShardSources Ranking, [property: Id(1)] IReadOnlyList<long> Missing);

/// <summary>What a table knows of a contact.</summary>
/// <param name="Table">Whose table it is.</param>
/// <param name="Known">The contact and its history.</param>
[GenerateSerializer]
[Alias("kad.AdminContact")]
internal sealed record AdminContact([property: Id(0)] NodeId Table, [property: Id(1)] TableContact Known);

/// <summary>A routing table.</summary>
/// <param name="Id">Whose table it is.</param>
/// <param name="Buckets">Its buckets in the order of their ranges.</param>
/// <param name="Contacts">Its contacts.</param>
[GenerateSerializer]
[Alias("kad.AdminTable")]
internal sealed record AdminTable(
    [property: Id(0)] NodeId Id, [property: Id(1)] IReadOnlyList<BucketSummary> Buckets, [property: Id(2)] IReadOnlyList<Contact> Contacts);
