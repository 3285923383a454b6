using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Clocks;
using KadOrleans.Grains.Diagnostics;
using KadOrleans.Grains.Hosting;
using KadOrleans.Grains.Silos;
using KadOrleans.Grains.Storage;
using KadOrleans.Shards;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>
/// The values of one shard: <see cref="RecordLog"/> in storage, with an index in memory. Some values are in the silo's
/// <see cref="ValueCache"/>, from which the silo answers gets without a call. A reminder removes expired values and has due ones republished.
/// Calls interleave, so reads never wait for a write, nor for reads of other values. Shards are placed at random: Orleans' default prefers
/// the calling silo, which could get most shards, and its death would stop them all. A shard that was split passes calls on to its halves.
/// </summary>
[Reentrant]
[RandomPlacement]
internal sealed class KeyShardGrain : Grain, IKeyShardGrain, IRemindable, IGrainMigrationParticipant, IDisposable
{
    private readonly KadClusterOptions _options;
    private readonly ClusterAgreement _agreement;
    private readonly ClusterShards _shards;
    private readonly ClusterLimits _limits;
    private readonly StateVersion _version;
    private readonly SiloAddress _silo;
    private readonly ShardDesks _desks;
    private readonly ClusterTime _time;
    private readonly ILogger _logger;
    private readonly Func<GrainId, IRecordStorage> _open;
    private readonly ValueCache _cache;
    private readonly LoadTurns _loads;
    private readonly ActiveGrains _active;
    private readonly IRandomSource _random;
    private readonly ExpiryReminder _reminder;
    private readonly ActiveShardUsage _usage = new();
    private readonly ShardRepublishing _republishing;
    private readonly CancellationTokenSource _ending = new();
    private readonly long _shard;
    private Task _hourly = Task.CompletedTask;
    private MovedLog? _moved;

    // Set by the activation, before any call.
    private ShardPrefix _prefix;
    private long _limitsVersion;
    private RecordLog _log = null!;
    private PageReader _reader = null!;
    private BatchWriter _writer = null!;
    private Expiry _expiry = null!;

    // Null with the most bits.
    private Splitter? _split;
    private ShardHalves? _halves;

    public KeyShardGrain(
        IOptions<KadClusterOptions> options,
        ClusterAgreement agreement,
        ClusterShards shards,
        ClusterLimits limits,
        StateVersion version,
        ILocalSiloDetails silo,
        ShardDesks desks,
        ValueCache cache,
        LoadTurns loads,
        ActiveGrains active,
        IRandomSource random,
        [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
        ClusterTime time,
        ILogger<KeyShardGrain> logger)
    {
        (_options, _agreement, _shards, _limits, _version) = (options.Value, agreement, shards, limits, version);
        (_silo, _desks, _cache, _loads, _active, _random, _time, _logger) = (silo.SiloAddress, desks, cache, loads, active, random, time, logger);
        _shard = this.GetPrimaryKeyLong();
        _open = grain => new ShardRecordStorage(new GrainRecordStorage(storage, grain, version, time, _options.StorageTimeout));
        _reminder = new ExpiryReminder(this, random, logger);
        _republishing = new ShardRepublishing(GrainFactory, time, _options.EdgeTimeout, logger);
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _agreement.Completion.WaitAsync(cancellationToken);
        var firstBits = _shards.Layout.FirstBits;
        _prefix = GrainKeys.FindPrefix(_shard, firstBits)
            ?? throw new ArgumentException($"There is no {GrainKeys.ShardName(_shard)}: the cluster has {_shards.Layout.Count}.");
        Build(firstBits);
        var started = _time.GetTimestamp();
        await _loads.RunAsync(_log.ResolveDoubtAsync);
        if (_prefix.Bits != firstBits && _log.Image.ManifestETag is null)
        {
            // Its values are elsewhere: it must not be taken for an empty one.
            throw new InvalidOperationException($"There is no {GrainKeys.ShardName(_shard)} yet: the shard that it is a half of is not split.");
        }

        if (_log.IsSealed && _split is not null)
        {
            await _split.FindMissingAsync();
        }

        _logger.ShardActivated(_shard, _log.Shard.Count, _time.GetElapsedTime(started));
        _usage.Begin();
        _active.Begin(this);
        ReportUsage();
        _log.Image.IsOpen = true;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Null after an activation that failed.
        _log?.Image.IsOpen = false;
        _usage.End();
        _active.End(this);
        await _ending.CancelAsync();
        await _hourly.WaitAsync(cancellationToken);
        if (_split is not null)
        {
            await _split.Completion.WaitAsync(cancellationToken);
        }

        await (_writer?.Completion ?? Task.CompletedTask).WaitAsync(cancellationToken);
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext) => _log?.Save()?.WriteTo(dehydrationContext);

    public void OnRehydrate(IRehydrationContext rehydrationContext) => _moved = MovedLogContext.ReadFrom(rehydrationContext);

    public void Dispose() => _ending.Dispose();

    public ValueTask<IReadOnlyList<StoredValue?>> GetAsync(IReadOnlyList<NodeId> keys)
    {
        ShardCall.CheckKeys(keys, key => key, _prefix, _shard);
        if (!MayRead)
        {
            return Halves.AskAsync(keys, key => key, static (half, some) => half.GetAsync(some));
        }

        var get = new ShardGet(keys, _time.GetUtcNow(), _log.TryFind);
        GrainMetrics.Got(get.Found, get.Missing.Count);
        return get.Missing.Count == 0 ? ValueTask.FromResult(get.Values) : ReadAsync(keys, get);
    }

    public async ValueTask<IReadOnlyList<StoreResult>> PutAsync(IReadOnlyList<ShardPut> puts)
    {
        ShardCall.CheckKeys(puts, put => put.Key, _prefix, _shard);
        if (puts.Any(put => put.Value is null))
        {
            throw new ArgumentException("The value of a put is empty.", nameof(puts));
        }

        var (now, step) = (_time.GetUtcNow(), _time.RecentStep);
        return await WriteAsync<ShardPut, StoreResult>(
            puts,
            put => put.Key,
            (call, i) => new PutWrite(call, i, PutFence.Admit(new Put(puts[i].Key, puts[i].Value, puts[i].Kind, puts[i].TellsWhy), now, step)),
            static (half, some) => half.PutAsync(some));
    }

    public async ValueTask<IReadOnlyList<bool>> RemoveAsync(IReadOnlyList<NodeId> keys)
    {
        ShardCall.CheckKeys(keys, key => key, _prefix, _shard);
        return await WriteAsync<NodeId, bool>(
            keys, key => key, (call, i) => new RemoveWrite(call, i, keys[i], expiredAt: null), static (half, some) => half.RemoveAsync(some));
    }

    public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset now)
    {
        if (!_log.IsSealed)
        {
            try
            {
                var removed = await _expiry.RemoveAsync(now);
                ReportUsage();
                return removed;
            }
            catch (LogSealedException)
            {
                // Its halves remove what it did not.
            }
        }

        var (lower, upper) = await Halves.AskBothAsync(half => half.RemoveExpiredAsync(now));
        return lower + upper;
    }

    public async ValueTask<IReadOnlyList<ShardPut>> ScanAsync(KeyRegion region, NodeId? after, int count)
    {
        ShardCall.CheckCount(count);
        var found = new List<ShardPut>();
        var first = after;
        while (MayRead)
        {
            // A short page would say that the shard has no more keys.
            var left = count - found.Count;
            var keys = _log.Keys.Find(region, after, left);
            var values = await _reader.ReadAsync(keys, keeps: false, _writer.ReloadAsync);
            if (!MayRead)
            {
                break;
            }

            found.AddRange(keys.Zip(values).Where(held => held.Second is not null).Select(held => new ShardPut(held.First, held.Second!)));
            if (keys.Count < left || found.Count == count)
            {
                return found;
            }

            after = keys[^1];
        }

        return await Halves.ReadPageAsync(first, count, (half, most) => half.ScanAsync(region, first, most));
    }

    public async ValueTask<IReadOnlyList<bool>> UnpublishAsync(IReadOnlyList<NodeId> keys)
    {
        ShardCall.CheckKeys(keys, key => key, _prefix, _shard);
        return await WriteAsync<NodeId, bool>(
            keys,
            key => key,
            (call, i) => new UnpublishWrite(call, i, keys[i], LengthOf(keys[i])),
            static (half, some) => half.UnpublishAsync(some));
    }

    public async ValueTask<IReadOnlyList<bool>> ConfirmPublishedAsync(IReadOnlyList<PublishedKey> published)
    {
        ShardCall.CheckKeys(published, one => one.Key, _prefix, _shard);
        return await WriteAsync<PublishedKey, bool>(
            published,
            one => one.Key,
            (call, i) => new ConfirmWrite(call, i, published[i].Key, published[i].Mark, LengthOf(published[i].Key)),
            static (half, some) => half.ConfirmPublishedAsync(some));
    }

    public async ValueTask<IReadOnlyList<NodeId>> GetDueForRepublishAsync(DateTimeOffset now, NodeId? after, int count)
    {
        ShardCall.CheckCount(count);
        return MayRead
            ? _log.Keys.Find(after, count, held => _expiry.IsDue(held, now))
            : await Halves.ReadPageAsync(after, count, (half, most) => half.GetDueForRepublishAsync(now, after, most));
    }

    public async ValueTask<ShardUsage> GetUsageAsync()
    {
        if (MayRead)
        {
            return new ShardUsage(_log.Shard.Count, _log.Shard.Bytes);
        }

        var (lower, upper) = await Halves.AskBothAsync(half => half.GetUsageAsync());
        return new ShardUsage(lower.Keys + upper.Keys, lower.Bytes + upper.Bytes);
    }

    public ValueTask<ShardSources> GetSourcesAsync(int count)
    {
        ShardCall.CheckCount(count);
        return RankAsync(shard => shard.GetSources(count), half => half.GetSourcesAsync(count), count);
    }

    public ValueTask<ShardSources> CountSourcesAsync(IReadOnlyList<SourceNetwork> sources)
    {
        ShardCall.CheckLength(sources);
        return RankAsync(shard => shard.CountSources(sources), half => half.CountSourcesAsync(sources), sources.Count);
    }

    public ValueTask<ShardNews?> GetNewsAsync(ShardPoint known) => ValueTask.FromResult(
        _log.IsSealed ? null : _log.GetHistory(KeyHistory.MaxChangesOf(_prefix.Bits)).Read(known with { Shard = _shard }, TimeSpan.Zero) with
        {
            Silo = _silo,
            Desk = _desks.Address,
        });

    public async ValueTask SplitAsync()
    {
        if (_version.Written < StateSchema.Doubling)
        {
            throw new InvalidOperationException($"Shards are split since schema version {StateSchema.Doubling}; the cluster writes {_version.Written}.");
        }

        var (keys, started) = (_log.Shard.Count, _time.GetTimestamp());
        await Halves.MoveAsync();
        _logger.ShardSplit(_shard, keys, _time.GetElapsedTime(started));

        // They set their reminders before this shard removes its own.
        await Halves.AskBothAsync(half => half.GetUsageAsync());
        await _split!.EmptyAsync();
        ReportUsage();
    }

    /// <summary>Runs the hourly work. A repeated tick finds nothing to do.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        _reminder.Ticked(status);
        if (_log.IsSealed)
        {
            // The cluster has it split, and its halves have reminders.
            ReportUsage();
        }
        else if (_hourly.IsCompleted)
        {
            // Not awaited: it may take longer than a call may.
            _hourly = WorkHourlyAsync();
        }

        return Task.CompletedTask;
    }

    public async ValueTask<bool> RepublishAsync()
    {
        if (!MayRead)
        {
            var (lower, upper) = await Halves.AskBothAsync(static half => half.RepublishAsync());
            return lower || upper;
        }

        var isFree = _hourly.IsCompleted;
        _hourly = isFree ? WorkHourlyAsync() : _hourly;
        return isFree;
    }

    private async Task WorkHourlyAsync()
    {
        if (await _expiry.RunAsync(_time))
        {
            ReportUsage();
        }

        await _republishing.HandOverAsync(after =>
            _log.Keys.Find(after, RepublishWork.MaxKeys, held => _expiry.IsDue(held, _time.GetUtcNow())),
            _ending.Token);
    }

    private async ValueTask<ShardSources> RankAsync(
        Func<KeyShard, SourceRanking> rank, Func<IKeyShardGrain, ValueTask<ShardSources>> ask, int count)
    {
        if (MayRead)
        {
            return ShardSources.Of(rank(_log.Shard));
        }

        var (lower, upper) = await Halves.AskBothAsync(ask);
        var merge = new SourceMerge(lower.Sources.Count + upper.Sources.Count);
        merge.Add(lower.ToRanking());
        merge.Add(upper.ToRanking());
        return ShardSources.Of(merge.Rank(count));
    }

    private async ValueTask<IReadOnlyList<StoredValue?>> ReadAsync(IReadOnlyList<NodeId> keys, ShardGet get)
    {
        var read = await _reader.ReadAsync(get.MissingKeys, keeps: true, _writer.ReloadAsync);
        if (!MayRead)
        {
            return await Halves.AskAsync(keys, key => key, static (half, some) => half.GetAsync(some));
        }

        get.Fill(read.Select(get.Alive));
        return get.Values;
    }

    private int LengthOf(NodeId key) => EntryCodec.MaxLengthOf(_log.Shard.ShareOf(key));

    private ShardHalves Halves =>
        _halves ?? throw new InvalidOperationException($"A cluster has at most {1 << GrainKeys.MaxShardBits} shards.");

    // Whether the shard answers itself.
    private bool MayRead => _split?.MayRead ?? true;

    private void Build(int firstBits)
    {
        var records = _open(this.GetGrainId());
        _limitsVersion = _limits.Version;
        _log = new RecordLog(records, ShardQuota.Of(_limits.Values.Quota, _prefix.Bits), _cache, _random, _logger);
        _reader = new PageReader(records, _cache, _log);
        _writer = new BatchWriter(_log, _reader, _time, _logger);
        _expiry = new Expiry(_log, _writer, _options.Kademlia, _shard, _logger);
        if (_moved is { } moved)
        {
            _log.Take(moved);
            _moved = null;
        }

        if (_prefix.Bits < GrainKeys.MaxShardBits)
        {
            var lower = GrainFactory.GetGrain<IKeyShardGrain>(GrainKeys.Shard(_prefix.Halves.Lower, firstBits));
            var upper = GrainFactory.GetGrain<IKeyShardGrain>(GrainKeys.Shard(_prefix.Halves.Upper, firstBits));
            var copier = new SplitCopier(records, _open(lower.GetGrainId()), _open(upper.GetGrainId()), _prefix.Halves.Upper.Range.Prefix);
            _split = new Splitter(_log, _writer, copier, _cache);
            _halves = new ShardHalves(lower, upper, _prefix, _split);
        }
    }

    /// <summary>Writes, or has the halves write.</summary>
    private async ValueTask<IReadOnlyList<TResult>> WriteAsync<TItem, TResult>(
        IReadOnlyList<TItem> items,
        Func<TItem, NodeId> keyOf,
        Func<WriteCall<TResult>, int, PendingWrite> create,
        Func<IKeyShardGrain, IReadOnlyList<TItem>, ValueTask<IReadOnlyList<TResult>>> passOn)
    {
        FollowLimits();
        if (!_log.IsSealed)
        {
            try
            {
                var results = await _writer.WriteAsync(items.Count, create);
                ReportUsage();
                return results;
            }
            catch (LogSealedException)
            {
                // The seal came first.
            }
        }

        return await Halves.AskAsync(items, keyOf, passOn);
    }

    // The quota may have changed since the last write.
    private void FollowLimits()
    {
        var version = _limits.Version;
        if (version != _limitsVersion)
        {
            _limitsVersion = version;
            _log.Use(ShardQuota.Of(_limits.Values.Quota, _prefix.Bits));
        }
    }

    // Updates the metrics and the reminder after a change.
    private void ReportUsage()
    {
        var (keys, bytes) = _split is { IsMoved: true } ? (0, 0) : (_log.Shard.Count, _log.Shard.Bytes);
        _usage.Set(keys, bytes);
        _reminder.Update(keys);
    }
}
