using KadOrleans.Core;
using KadOrleans.Core.Maintenance;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Diagnostics;
using KadOrleans.Grains.Hosting;
using KadOrleans.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>
/// The values of one shard: <see cref="ShardLog"/> in storage, with an index in memory; some values are in the silo's
/// <see cref="ShardCache"/>. Its reminder removes expired values and has due ones republished. Calls interleave, so reads never wait for a
/// write, nor for reads of other values. Shards are placed at random: Orleans' default prefers the
/// calling silo, which could get most shards, and its death would stop them all.
/// </summary>
[Reentrant]
[RandomPlacement]
internal sealed class KeyShardGrain : Grain, IKeyShardGrain, IRemindable, IGrainMigrationParticipant, IDisposable
{
    /// <summary>The most keys or puts in one call.</summary>
    private const int MaxPerCall = 1024;

    private readonly KadClusterOptions _options;
    private readonly ClusterAgreement _agreement;
    private readonly SiloAddress _silo;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ShardLog _log;
    private readonly ShardReader _reader;
    private readonly ShardWriter _writer;
    private readonly ExpiryReminder _reminder;
    private readonly ActiveShardUsage _usage = new();
    private readonly ShardRepublishing _republishing;
    private readonly CancellationTokenSource _ending = new();
    private Task _hourly = Task.CompletedTask;
    private long _shard;

    public KeyShardGrain(
        IOptions<KadClusterOptions> options,
        ClusterAgreement agreement,
        StateVersion version,
        ILocalSiloDetails silo,
        ShardCache cache,
        IRandomSource random,
        [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
        [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
        ILogger<KeyShardGrain> logger)
    {
        _options = options.Value;
        _agreement = agreement;
        _silo = silo.SiloAddress;
        _time = time;
        _logger = logger;
        var records = new GrainRecordStorage(storage, this.GetGrainId(), version, time, _options.StorageTimeout);
        _log = new ShardLog(records, ShardQuota.Of(_options.Quota, _options.ShardBits), cache, random, logger);
        _reader = new ShardReader(records, cache, _log);
        _writer = new ShardWriter(_log, _reader, time, logger);
        _reminder = new ExpiryReminder(this, random, logger);
        _republishing = new ShardRepublishing(GrainFactory, time, _options.EdgeTimeout, logger);
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _agreement.Completion.WaitAsync(cancellationToken);
        _shard = this.GetPrimaryKeyLong();
        if (_shard < 0 || _shard >> _options.ShardBits != 0)
        {
            throw new ArgumentException($"There is no {GrainKeys.ShardName(_shard)}: the cluster has {1 << _options.ShardBits}.");
        }

        var started = _time.GetTimestamp();
        await _log.ResolveDoubtAsync();
        _logger.ShardActivated(_shard, _log.Shard.Count, _time.GetElapsedTime(started));
        _usage.Begin();
        ReportUsage();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _usage.End();
        await _ending.CancelAsync();
        await _hourly.WaitAsync(cancellationToken);
        await _writer.Completion.WaitAsync(cancellationToken);
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext) => _log.Save()?.WriteTo(dehydrationContext);

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        if (ShardCargo.ReadFrom(rehydrationContext) is { } cargo)
        {
            _log.Take(cargo);
        }
    }

    public void Dispose() => _ending.Dispose();

    public ValueTask<IReadOnlyList<StoredValue?>> GetAsync(IReadOnlyList<NodeId> keys)
    {
        CheckKeys(keys, key => key);
        var now = _time.GetUtcNow();
        var values = new StoredValue?[keys.Count];
        List<int>? missing = null;
        var found = 0;
        for (var i = 0; i < keys.Count; i++)
        {
            if (_log.TryFind(keys[i], out var value))
            {
                found += value is null ? 0 : 1;
                values[i] = value?.IsExpired(now) == false ? value : null;
            }
            else
            {
                (missing ??= []).Add(i);
            }
        }

        GrainMetrics.Got(found, missing?.Count ?? 0);
        return missing is null ? ValueTask.FromResult<IReadOnlyList<StoredValue?>>(values) : ReadAsync(keys, values, missing, now);
    }

    public async ValueTask<IReadOnlyList<StoreResult>> PutAsync(IReadOnlyList<ShardPut> puts)
    {
        CheckKeys(puts, put => put.Key);
        if (puts.Any(put => put.Value is null))
        {
            throw new ArgumentException("The value of a put is empty.", nameof(puts));
        }

        var now = _time.GetUtcNow();
        return await WriteAsync<StoreResult>(puts.Count, (call, i) => new PutWrite(call, i, PutFence.Admit(puts[i], now)));
    }

    public async ValueTask<IReadOnlyList<bool>> RemoveAsync(IReadOnlyList<NodeId> keys)
    {
        CheckKeys(keys, key => key);
        return await RemoveAsync(keys, expiredAt: null);
    }

    public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset now)
    {
        // A publication of the cluster lives until it is unpublished.
        NodeId[] expired =
        [
            .. _log.Shard.Enumerate().Where(held => held.IsExpired(now) && !ShardPlace.Of(held).IsPublished).Select(held => held.Key),
        ];
        var removed = 0;
        foreach (var keys in expired.Chunk(MaxPerCall))
        {
            removed += (await RemoveAsync(keys, now)).Count(wasHeld => wasHeld);
        }

        return removed;
    }

    public async ValueTask<IReadOnlyList<ShardPut>> ScanAsync(KeyRegion region, NodeId? after, int count)
    {
        CheckCount(count);
        var found = new List<ShardPut>();
        while (true)
        {
            // A short page would say that the shard has no more keys.
            var left = count - found.Count;
            var keys = _log.Keys.Find(region, after, left);
            var values = await _reader.ReadAsync(keys, keeps: false, _writer.ReloadAsync);
            found.AddRange(keys.Zip(values).Where(held => held.Second is not null).Select(held => new ShardPut(held.First, held.Second!)));
            if (keys.Count < left || found.Count == count)
            {
                return found;
            }

            after = keys[^1];
        }
    }

    public async ValueTask<IReadOnlyList<bool>> UnpublishAsync(IReadOnlyList<NodeId> keys)
    {
        CheckKeys(keys, key => key);
        return await WriteAsync<bool>(keys.Count, (call, i) => new UnpublishWrite(call, i, keys[i], LengthOf(keys[i])));
    }

    public ValueTask<IReadOnlyList<NodeId>> GetDueForRepublishAsync(DateTimeOffset now, NodeId? after, int count)
    {
        CheckCount(count);
        return ValueTask.FromResult<IReadOnlyList<NodeId>>(
            _log.Keys.Find(after, count, held => IsDueForRepublish(held, now)));
    }

    public ValueTask<ShardUsage> GetUsageAsync() => ValueTask.FromResult(new ShardUsage(_log.Shard.Count, _log.Shard.Bytes));

    public ValueTask<ShardNews> GetNewsAsync(ShardPoint known) =>
        ValueTask.FromResult(
            _log.GetNews(known with { Shard = _shard }, KeyHistory.MaxChangesOf(_options.ShardBits)) with { Silo = _silo });

    /// <summary>Runs the hourly work. A repeated tick finds nothing to do.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        _reminder.Ticked(status);
        if (_hourly.IsCompleted)
        {
            // Not awaited: it may take longer than a call may.
            _hourly = WorkHourlyAsync();
        }

        return Task.CompletedTask;
    }

    private async Task WorkHourlyAsync()
    {
        await ExpireAsync();
        await _republishing.HandOverAsync(after =>
            _log.Keys.Find(after, RepublishWork.MaxKeys, held => IsDueForRepublish(held, _time.GetUtcNow())),
            _ending.Token);
    }

    private async ValueTask<IReadOnlyList<StoredValue?>> ReadAsync(
        IReadOnlyList<NodeId> keys, StoredValue?[] values, List<int> missing, DateTimeOffset now)
    {
        var read = await _reader.ReadAsync([.. missing.Select(i => keys[i])], keeps: true, _writer.ReloadAsync);
        foreach (var (i, value) in missing.Zip(read))
        {
            values[i] = value?.IsExpired(now) == false ? value : null;
        }

        return values;
    }

    private bool IsDueForRepublish(HeldKey held, DateTimeOffset now) =>
        RepublishPolicy.IsDueAtCheck(held.StoredAt, held.ExpiresAt, now, _options.Kademlia)
        || (ShardPlace.Of(held).PublishedAt is { } publishedAt && RepublishPolicy.IsPublicationDue(publishedAt, now, _options.Kademlia));

    private async Task<int> ExpireAsync()
    {
        try
        {
            await ProlongPublishedAsync(_time.GetUtcNow());
            var removed = await RemoveExpiredAsync(_time.GetUtcNow());
            ReportUsage();
            return removed;
        }
        catch (IOException e)
        {
            _logger.ExpiryFailed(_shard, e.Message);
            return 0;
        }
    }

    /// <summary>
    /// An edge gives a publication a new life by publishing it again. While no edge is live, the shard prolongs it, so that the cluster
    /// does not lose it.
    /// </summary>
    private async Task ProlongPublishedAsync(DateTimeOffset now)
    {
        var timeToLive = _options.Kademlia.ValueTimeToLive;
        NodeId[] keys =
        [
            .. _log.Shard.Enumerate()
                .Where(held => ShardPlace.Of(held).IsPublished && held.ExpiresAt - now < timeToLive / 4)
                .Select(held => held.Key),
        ];
        foreach (var some in keys.Chunk(MaxPerCall))
        {
            await WriteAsync<bool>(some.Length, (call, i) => new ProlongWrite(call, i, some[i], now + timeToLive, LengthOf(some[i])));
        }
    }

    private Task<IReadOnlyList<bool>> RemoveAsync(IReadOnlyList<NodeId> keys, DateTimeOffset? expiredAt) =>
        WriteAsync<bool>(keys.Count, (call, i) => new RemoveWrite(call, i, keys[i], expiredAt));

    private int LengthOf(NodeId key) => ShardEntryCodec.MaxLengthOf(_log.Shard.ShareOf(key));

    private async Task<IReadOnlyList<TResult>> WriteAsync<TResult>(int count, Func<WriteCall<TResult>, int, ShardWrite> create)
    {
        var call = new WriteCall<TResult>(count);
        for (var i = 0; i < count; i++)
        {
            _writer.Enqueue(create(call, i));
        }

        var results = await call.Completion;
        ReportUsage();
        return results;
    }

    // Updates the metrics and the reminder after a change.
    private void ReportUsage()
    {
        _usage.Set(_log.Shard.Count, _log.Shard.Bytes);
        _reminder.Update(_log.Shard.Count);
    }

    /// <summary>Throws if a call has more than <see cref="MaxPerCall"/> keys.</summary>
    internal static void CheckLength<T>(IReadOnlyList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count > MaxPerCall)
        {
            throw new ArgumentException($"A call takes at most {MaxPerCall} keys, not {items.Count}.", nameof(items));
        }
    }

    private void CheckKeys<T>(IReadOnlyList<T> items, Func<T, NodeId> keyOf)
    {
        CheckLength(items);
        foreach (var item in items)
        {
            if (GrainKeys.Shard(keyOf(item), _options.ShardBits) != _shard)
            {
                throw new ArgumentException(
                    $"The key {keyOf(item)} does not belong to {GrainKeys.ShardName(_shard)}.", nameof(items));
            }
        }
    }

    private static void CheckCount(int count)
    {
        if (count is < 1 or > MaxPerCall)
        {
            throw new ArgumentException($"A call returns 1 to {MaxPerCall} keys, not {count}.", nameof(count));
        }
    }
}
