using System.Runtime.CompilerServices;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// The cluster's keys, for all node ids of an edge. Requests that arrive while calls are pending share the next call, whatever their
/// shards; puts and gets never share one. A put returns <see cref="StoreResult.Stored"/> only when the value is durable. The latest put of
/// a key in order of arrival wins. A get sees what this store put, and what others put before
/// <see cref="GrainKeyStoreOptions.MaxStaleness"/>. While silos are down each call times out; when they are back the store works again.
/// </summary>
internal sealed class GrainKeyStore : IKeyStore
{
    private readonly ShardClient _shards;
    private readonly bool _isOwner;

    // Boxed, so that reads and writes are atomic.
    private volatile StrongBox<ResponsibleArea> _area = new(ResponsibleArea.Everywhere);

    /// <summary>A store over the shards of a cluster. It makes no call before it is used.</summary>
    /// <param name="grains">A connected client's, or a silo's.</param>
    /// <param name="layout">The cluster's shards, from <see cref="ClusterSettings.Layout"/>.</param>
    /// <param name="time">For timeouts and pauses.</param>
    /// <param name="logger">Logs outages, at most every ten seconds.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bits in use are not from 0 to 16.</exception>
    public GrainKeyStore(
        IGrainFactory grains, ShardLayout layout, TimeProvider time, ILogger<GrainKeyStore> logger, GrainKeyStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentOutOfRangeException.ThrowIfLessThan(layout.Bits, GrainKeys.MinShardBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(layout.Bits, GrainKeys.MaxShardBits);
        (_shards, _isOwner) = (new ShardClient(grains, layout, options ?? new GrainKeyStoreOptions(), time, logger), true);
    }

    private GrainKeyStore(GrainKeyStore shared)
    {
        (_shards, ClockCorrection) = (shared._shards, shared.ClockCorrection);
    }

    /// <summary>Always empty: silos count what their shards evict.</summary>
    public StoreTurnover Turnover => default;

    /// <summary>What to add to this process's clock to get the cluster's time, which orders puts. Default zero.</summary>
    internal Func<TimeSpan> ClockCorrection { get; init; } = static () => TimeSpan.Zero;

    /// <summary>This store for one node id. It shares calls and batches and has an area of its own. Disposing it does nothing.</summary>
    public IKeyStore ForNode() => new GrainKeyStore(this);

    /// <summary>The number of grain calls for puts and gets, and of the puts and gets in them, by a stable name.</summary>
    public IReadOnlyDictionary<string, long> Totals() => _shards.Totals();

    /// <inheritdoc/>
    /// <exception cref="KeyStoreException">The shard did not answer in time, or too many requests wait.</exception>
    public ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        var found = _shards.GetAsync(key, cancellationToken);
        return found.IsCompletedSuccessfully ? ValueTask.FromResult(Alive(found.Result, now)) : AwaitAsync(found);

        async ValueTask<StoredValue?> AwaitAsync(ValueTask<StoredValue?> asked) => Alive(await asked, now);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// While the shard does not respond, what others put before <see cref="GrainKeyStoreOptions.MaxOutageStaleness"/> is seen, and what this
    /// store put. Without such knowledge it fails after <see cref="GrainKeyStoreOptions.FindTimeout"/>.
    /// </remarks>
    /// <exception cref="KeyStoreException">The shard did not answer in time, or too many requests wait.</exception>
    public ValueTask<StoredValue?> FindAsync(NodeId key, DateTimeOffset now)
    {
        var found = _shards.FindAsync(key);
        return found.IsCompletedSuccessfully ? ValueTask.FromResult(Alive(found.Result, now)) : AwaitAsync(found);

        async ValueTask<StoredValue?> AwaitAsync(ValueTask<StoredValue?> asked)
        {
            try
            {
                return Alive(await asked, now);
            }
            catch (TimeoutException late)
            {
                throw ShardClient.Unanswered(Layout.ShardOf(key), late);
            }
        }
    }

    /// <inheritdoc/>
    public bool TryFind(NodeId key, DateTimeOffset now, out StoredValue? value)
    {
        var isKnown = _shards.TryFind(key, out value);
        value = Alive(value, now);
        return isKnown;
    }

    /// <summary>The value of a key as its shard holds it now, whatever <see cref="GrainKeyStoreOptions.MaxStaleness"/> is.</summary>
    /// <exception cref="KeyStoreException">The shard did not answer in time, or too many requests wait.</exception>
    internal async ValueTask<StoredValue?> ReadAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken) =>
        Alive(await _shards.ReadAsync(key, cancellationToken), now);

    /// <inheritdoc/>
    public ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutKind kind = PutKind.Publication, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return StoreRules.FindRefusal(value.Value) is { } refusal
            ? ValueTask.FromResult(refusal)
            : _shards.PutAsync(new ShardPut(key, Mark(key, Correct(value, kind)), kind) { TellsWhy = true }, cancellationToken);
    }

    /// <summary>
    /// Removes expired values from the shards that <see cref="GetUsageAsync"/> knows. Edges do not need it: each shard removes its own
    /// every hour.
    /// </summary>
    /// <exception cref="KeyStoreException">A shard did not respond, or could not write. Others may have removed their values.</exception>
    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) =>
        _shards.RemoveExpiredAsync(now, cancellationToken);

    /// <summary>
    /// Scans a region, shard by shard as the reader goes on. Only shards that overlap it are called, with one call per page. They return its
    /// keys alone. A scan of all keys activates every shard (128 by default, most may be empty), so it is for tools.
    /// </summary>
    /// <exception cref="KeyStoreException">A shard did not answer.</exception>
    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(KeyRegion region, CancellationToken cancellationToken = default) =>
        _shards.ScanAsync(region, cancellationToken);

    /// <summary>
    /// The usage of the shards that this store has put to or scanned. In a cluster of at most 64 shards that is all of them; in a larger
    /// one asking all would activate empty ones. At most every five seconds 64 shards are asked, in turn, so frequent calls cost little.
    /// The sum is as old as that.
    /// </summary>
    /// <exception cref="KeyStoreException">A shard did not answer.</exception>
    public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) =>
        _shards.GetUsageAsync(cancellationToken);

    /// <inheritdoc/>
    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => [];

    /// <summary>
    /// Sets the area outside which later puts are marked as far: shards know no node ids. Each node id that shares the store has its own
    /// area, see <see cref="ForNode"/>.
    /// </summary>
    public void SetArea(ResponsibleArea area) => _area = new StrongBox<ResponsibleArea>(area);

    /// <summary>Refuses further calls and waits for the pending ones, which all end by their timeout.</summary>
    public ValueTask DisposeAsync() => _isOwner ? _shards.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>The shards that are called.</summary>
    internal ShardLayout Layout => _shards.Layout;

    /// <summary>Follows a doubling of the shards. Earlier numbers are ignored.</summary>
    internal ValueTask UseAsync(ShardLayout layout) => _shards.UseAsync(layout);

    /// <summary>Reads the shards' news now instead of at the next interval.</summary>
    internal Task ReadNewsAsync() => _shards.ReadNewsAsync();

    /// <summary>Stops publishing a key. Returns false if the cluster did not publish it.</summary>
    /// <exception cref="KeyStoreException">The shard did not answer, or could not write.</exception>
    internal ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken) => _shards.UnpublishAsync(key, cancellationToken);

    private StoredValue? Alive(StoredValue? value, DateTimeOffset now) =>
        value is not null && !value.IsExpired(now + ClockCorrection()) ? value : null;

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
