using System.Runtime.CompilerServices;
using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// The cluster's keys, for all node ids of an edge. What arrives while calls are under way shares the next, whichever the
/// shard; puts and gets travel apart. A put is <see cref="StoreResult.Stored"/> only when the shard said
/// that it is durable; the latest put of a key in order of arrival wins. Nothing is remembered of values: a get sees what
/// other edges wrote. Silos that are away cost each call its timeout and nothing more; it works again when they are back.
/// </summary>
internal sealed class GrainKeyStore : IKeyStore
{
    private readonly ShardClient _shards;
    private readonly Func<BucketRange, bool> _scanFilter = static _ => true;
    private readonly bool _isOwner;

    // A reference, so that it is read and written whole.
    private volatile StrongBox<ResponsibleArea> _area = new(ResponsibleArea.Everywhere);

    /// <summary>A store over the shards of a cluster. It calls none before it is asked.</summary>
    /// <param name="grains">A connected client's, or a silo's.</param>
    /// <param name="shardBits">The cluster's, from <see cref="ClusterSettings.ShardBits"/>: another value looks in the wrong
    /// places.</param>
    /// <param name="time">For timeouts and pauses.</param>
    /// <param name="logger">Told of outages, at most every ten seconds.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="shardBits"/> is not from 0 to 16.</exception>
    public GrainKeyStore(
        IGrainFactory grains, int shardBits, TimeProvider time, ILogger<GrainKeyStore> logger, GrainKeyStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentOutOfRangeException.ThrowIfLessThan(shardBits, GrainKeys.MinShardBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shardBits, GrainKeys.MaxShardBits);
        (_shards, _isOwner) = (new ShardClient(grains, shardBits, options ?? new GrainKeyStoreOptions(), time, logger), true);
    }

    private GrainKeyStore(GrainKeyStore shared, Func<BucketRange, bool> scanFilter)
    {
        (_shards, _scanFilter, ClockCorrection) = (shared._shards, scanFilter, shared.ClockCorrection);
    }

    /// <summary>Nothing: silos count what their shards evict.</summary>
    public StoreTurnover Turnover => default;

    /// <summary>
    /// What to add to this process's clock for the cluster's time, which decides which of two puts came first. Zero unless set.
    /// </summary>
    internal Func<TimeSpan> ClockCorrection { get; init; } = static () => TimeSpan.Zero;

    /// <summary>
    /// This store for one node id: the same calls and batches, but an area of its own, and a scan visits only the shards in
    /// which the node may have something to hand to newcomers, judged by the table as it is then (see
    /// <see cref="HandOffScope"/>). Disposing it does nothing.
    /// </summary>
    public IKeyStore ScanningFor(IRoutingTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new GrainKeyStore(this, range => HandOffScope.Covers(table.Snapshot, range));
    }

    /// <summary>Grain calls made for puts and gets, and the puts and gets they carried, by a stable name.</summary>
    public IReadOnlyDictionary<string, long> Totals() => _shards.Totals();

    /// <inheritdoc/>
    /// <exception cref="KeyStoreException">The shard did not answer in time, or too many requests wait.</exception>
    public async ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
        await _shards.GetAsync(key, cancellationToken) is { } value && !value.IsExpired(now + ClockCorrection()) ? value : null;

    /// <inheritdoc/>
    public ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutKind kind = PutKind.Publication, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        var rule = StoreRules.Check(value.Value);
        return rule == StoreResult.Stored
            ? _shards.PutAsync(new ShardPut(key, Mark(key, Correct(value, kind)), kind), cancellationToken)
            : ValueTask.FromResult(rule);
    }

    /// <summary>
    /// Has the shards of which <see cref="GetUsageAsync"/> knows remove what is expired. All shards do so each hour by
    /// themselves: an edge has no need of this.
    /// </summary>
    /// <exception cref="KeyStoreException">A shard did not answer, or could not write; others may have removed theirs.</exception>
    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) =>
        _shards.RemoveExpiredAsync(now, cancellationToken);

    /// <summary>
    /// All keys of the cluster, shard by shard as the reader goes on. It wakes every shard (128 by default, most of
    /// which may hold nothing), at a call each and one more per page: for tools, not for work that recurs.
    /// The values that an edge's node has to hand off come far cheaper from <see cref="ScanningFor"/>.
    /// </summary>
    /// <exception cref="KeyStoreException">A shard did not answer.</exception>
    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(CancellationToken cancellationToken = default) =>
        _shards.ScanAsync(_scanFilter, cancellationToken);

    /// <summary>
    /// What the shards hold that this store has put to, or met in a scan; the cluster's whole only if it has no more than
    /// 64 shards, as asking would wake those that hold nothing. At most every five seconds 64 shards are asked, in turn,
    /// so that a question each second costs little; the sum is as old as that.
    /// </summary>
    /// <exception cref="KeyStoreException">A shard did not answer.</exception>
    public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) =>
        _shards.GetUsageAsync(cancellationToken);

    /// <inheritdoc/>
    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => [];

    /// <summary>
    /// Marks values that are put from now on as far if they are outside: shards know no node ids. Node ids that share the store
    /// have an area each, see <see cref="ScanningFor"/>.
    /// </summary>
    public void SetArea(ResponsibleArea area) => _area = new StrongBox<ResponsibleArea>(area);

    /// <summary>Refuses further calls and waits for those under way, which all end in time.</summary>
    public ValueTask DisposeAsync() => _isOwner ? _shards.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>Stops publishing a key; false if the cluster did not publish it.</summary>
    /// <exception cref="KeyStoreException">The shard did not answer, or could not write.</exception>
    internal ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken) => _shards.UnpublishAsync(key, cancellationToken);

    private StoredValue Mark(NodeId key, StoredValue value) => _area.Value.Contains(key) ? value : value with { IsFar = true };

    private StoredValue Correct(StoredValue value, PutKind kind)
    {
        var correction = ClockCorrection();
        return correction == TimeSpan.Zero || kind == PutKind.Import
            ? value
            : value with
            {
                StoredAt = value.StoredAt + correction,
                ExpiresAt = value.ExpiresAt + correction,
                PublishedAt = value.PublishedAt + correction,
            };
    }
}
