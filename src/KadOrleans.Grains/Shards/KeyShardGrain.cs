using System.Globalization;
using KadOrleans.Core.Items;
using KadOrleans.Signatures;
using Orleans.Placement;

namespace KadOrleans.Grains;

// The values of one shard, kept by a ShardEngine. A reminder removes expired values and has due ones republished. Calls interleave, so
// reads never wait for a write, nor for reads of other values. Shards are placed at random: Orleans' default prefers the calling silo,
// which could get most shards, and its death would stop them all. A shard that was split passes calls on to its halves. It loads once it is
// active, not as it becomes so: the calls that wait meanwhile would be in Orleans' queue, which counts no bytes.
[Reentrant]
[RandomPlacement]
internal sealed class KeyShardGrain(
    IOptions<KadClusterOptions> options,
    ClusterAgreement agreement,
    ClusterShards shards,
    ClusterLimits limits,
    ILocalSiloDetails silo,
    OwnMembership member,
    SiloServices<IShardDesk> desks,
    ValueCache cache,
    ActiveGrains active,
    IRandomSource random,
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
    ClusterTime time,
    ItemChecks checks,
    KnownEdges edges,
    ILogger<KeyShardGrain> logger) : Grain, IKeyShardGrain, IRemindable, IIncomingGrainCallFilter, IGrainMigrationParticipant, IDisposable
{
    public const string Expiry = "expiry";

    // How long calls wait for the load: as long as their callers, by Orleans' clock. An activation does not end while calls run, and puts hold their
    // bytes.
    private static readonly TimeSpan CallLimit = TimeSpan.Parse(IKeyShardGrain.CallTimeout, CultureInfo.InvariantCulture);
    private static readonly TimeSpan LongCallLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long a load that failed, and that no call has waited for, fails the next one.</summary>
    private static readonly TimeSpan FailedPause = TimeSpan.FromSeconds(1);

    /// <summary>After its activation a shard goes on with what is due. Not all shards of a cluster that starts do so at once.</summary>
    public static readonly TimeSpan GoesOnWithin = TimeSpan.FromMinutes(5);

    /// <summary>The most bytes of puts that wait in this shard, within those of <see cref="ValueCache.Waiting"/>. Further ones are refused.</summary>
    public const long MaxWaitingBytes = 16L << 20;

    private readonly ByteBudget _waiting = new(MaxWaitingBytes, cache.Waiting);
    private readonly GrainId _desk = desks.At(silo.GatewayAddress).GetGrainId();
    private readonly CancellationTokenSource _ending = new();
    private Task _load = Task.CompletedTask;
    private Task _check = Task.CompletedTask;
    private MovedLog? _moved;

    // Set by the activation.
    private long _shard;

    // Set by the load.
    private ShardPrefix _prefix;
    private long _limitsVersion;
    private GrainReminder _reminder = null!;
    private ShardRepublishing _republishing = null!;
    private ShardEngine _engine = null!;

    // Null with the most bits.
    private ShardHalves? _halves;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _shard = this.GetPrimaryKeyLong();
        _load = LoadAsync(_ending.Token);
        GrainCalls.Ignore(_load);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Close();
        await _ending.CancelAsync();
        await _load.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await _check.WaitAsync(cancellationToken);
        if (_engine is { } engine)
        {
            await engine.EndAsync().WaitAsync(cancellationToken);
            await (_load.IsCompletedSuccessfully ? engine.SaveLastTimesAsync().WaitAsync(cancellationToken) : Task.CompletedTask);
        }
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext) => (_engine?.Log.Save() ?? _moved)?.WriteTo(dehydrationContext);

    public void OnRehydrate(IRehydrationContext rehydrationContext) => _moved = MovedLogContext.ReadFrom(rehydrationContext);

    // Orleans calls no OnDeactivateAsync of an activation that was ended while it began.
    public void Dispose()
    {
        Close();
        _ending.Cancel();
        _ending.Dispose();
    }

    /// <summary>Lets calls wait for the load, but those that take their bytes before they do.</summary>
    public Task Invoke(IIncomingGrainCallContext context)
    {
        return _load.IsCompletedSuccessfully || !UsesEngine() || TakesBytes() ? context.Invoke() : InvokeLoadedAsync();

        bool UsesEngine() => context.InterfaceMethod.DeclaringType is { } type && (type == typeof(IKeyShardGrain) || type == typeof(IRemindable));

        bool TakesBytes() => context.InterfaceMethod.Name is nameof(PutAsync) or nameof(WriteAsync);

        async Task InvokeLoadedAsync()
        {
            await WaitUntilLoadedAsync(context.Request.GetDefaultResponseTimeout() ?? LongCallLimit);
            await context.Invoke();
        }
    }

    public ValueTask<IReadOnlyList<StoredValue?>> GetAsync(IReadOnlyList<NodeId> keys)
    {
        CheckKeys(keys, key => key);
        if (!_engine.MayRead)
        {
            return Halves.AskAsync(keys, key => key, static (half, some) => half.GetAsync(some));
        }

        var get = new ShardGet(keys, time.GetUtcNow(), _engine.Log.Image.TryFind);
        GrainMetrics.Got(get.Found, get.Missing.Count);
        return get.Missing.Count == 0 ? ValueTask.FromResult(get.Values) : ReadAsync(keys, get);
    }

    public async ValueTask<IReadOnlyList<StoreResult>> PutAsync(IReadOnlyList<ShardPut> puts)
    {
        ArgumentNullException.ThrowIfNull(puts);
        if (puts.Any(put => put.Value is null))
        {
            throw new ArgumentException("The value of a put is empty.", nameof(puts));
        }

        // The shard's writer would fail all that it decides together.
        if (puts.Any(put => !Enum.IsDefined(put.Kind) || !Enum.IsDefined(put.Scope)))
        {
            throw new ArgumentException("The kind or the scope of a put is unknown.", nameof(puts));
        }

        // They wait for the load, the check of items, storage, or the halves of a split.
        var bytes = puts.Sum(put => (long)put.Footprint);
        if (!_waiting.TryTake(bytes))
        {
            return [.. Enumerable.Repeat(StoreResult.Busy, puts.Count)];
        }

        try
        {
            return await WriteAsync(
                puts,
                put => put.Key,
                static (shard, some) => some.Any(IsItem)
                    ? shard.CheckAndPutAsync(some)
                    : shard._engine.PutAsync(some, static put => PutOf(put, item: null), shard.RecentStep),
                static (half, some) => half.PutAsync(some));
        }
        finally
        {
            _waiting.Give(bytes);
        }
    }

    public async ValueTask<ShardWritten> WriteAsync(ShardWrite write)
    {
        if (!Enum.IsDefined(write.Kind) || (write.Value is null && write.Expected is null))
        {
            throw new ArgumentException("The kind of a write is unknown, or it has neither a value nor a version.", nameof(write));
        }

        var bytes = write.Footprint;
        if (!_waiting.TryTake(bytes))
        {
            return new ShardWritten(StoreResult.Busy, 0);
        }

        try
        {
            return (await WriteAsync(
                [write],
                one => one.Key,
                static async (shard, some) => [await shard.WriteOneAsync(some[0])],
                static async (half, some) => (IReadOnlyList<ShardWritten>)[await half.WriteAsync(some[0])]))[0];
        }
        finally
        {
            _waiting.Give(bytes);
        }
    }

    private async Task<ShardWritten> WriteOneAsync(ShardWrite write)
    {
        var item = write.Value is { } offered && ItemEnvelope.IsItemLike(offered.Value) ? await FindItemAsync(write.Key, offered.Value) : null;
        var outcome = write.Value is { } value
            ? await _engine.PutAsync(new Put(write.Key, value, write.Terms with { Item = item }), RecentStep)
            : await _engine.RemoveAsync(write.Key, write.Expected!.Value, write.Terms);
        return new ShardWritten(outcome.Result, outcome.Version);
    }

    public ValueTask<IReadOnlyList<bool>> RemoveAsync(IReadOnlyList<NodeId> keys) => WriteAsync(
        keys,
        key => key,
        static (shard, some) => shard._engine.ChangeAsync(WriteKind.Remove, some, static key => (key, DateTimeOffset.MaxValue)),
        static (half, some) => ManagementLog.PassOnAsync(() => half.RemoveAsync(some)));

    public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset now)
    {
        if (!_engine.IsSealed)
        {
            try
            {
                var removed = await _engine.RemoveExpiredAsync(now);
                UpdateReminder();
                return removed;
            }
            catch (LogSealedException)
            {
                // Its halves remove what it did not.
            }
        }

        return await Halves.AskBothAsync(half => half.RemoveExpiredAsync(now), (lower, upper) => lower + upper);
    }

    public async ValueTask<IReadOnlyList<ShardPut>> ScanAsync(KeyRegion region, NodeId? after, int count)
    {
        ShardLayout.CheckCount(count);
        return await _engine.ScanAsync(region, after, count, static (key, value) => new ShardPut(key, value))
            ?? await Halves.ReadPageAsync(after, count, (half, most) => half.ScanAsync(region, after, most));
    }

    public ValueTask<IReadOnlyList<bool>> UnpublishAsync(IReadOnlyList<NodeId> keys) => WriteAsync(
        keys,
        key => key,
        static (shard, some) => shard._engine.UnpublishAsync(some),
        static (half, some) => half.UnpublishAsync(some));

    public ValueTask<IReadOnlyList<bool>> ConfirmPublishedAsync(IReadOnlyList<PublishedKey> published) => WriteAsync(
        published,
        one => one.Key,
        static (shard, some) => shard._engine.ChangeAsync(WriteKind.Published, some, static one => (one.Key, one.Mark)),
        static (half, some) => half.ConfirmPublishedAsync(some));

    public async ValueTask<IReadOnlyList<NodeId>> GetDueForRepublishAsync(DateTimeOffset now, NodeId? after, int count)
    {
        ShardLayout.CheckCount(count);
        return _engine.MayRead
            ? _engine.FindDue(after, count, now)
            : await Halves.ReadPageAsync(after, count, (half, most) => half.GetDueForRepublishAsync(now, after, most));
    }

    public async ValueTask<DateTimeOffset?> GetNextDueAsync() => _engine.MayRead
        ? _engine.FindNextDue(time.GetUtcNow())
        : await Halves.AskBothAsync(
            static half => half.GetNextDueAsync(), RepublishPolicy.Earlier);

    public async ValueTask<ShardUsage> GetUsageAsync() => _engine.MayRead
        ? new ShardUsage(_engine.Shard.Count, _engine.Shard.Bytes) { Kept = _engine.Shard.Accounts.KeptKeys }
        : await Halves.AskBothAsync(
            half => half.GetUsageAsync(),
            (lower, upper) => new ShardUsage(lower.Keys + upper.Keys, lower.Bytes + upper.Bytes) { Kept = lower.Kept + upper.Kept });

    public ValueTask<ShardSources> GetSourcesAsync(int count)
    {
        ShardLayout.CheckCount(count);
        return RankAsync(shard => shard.GetSources(count), half => half.GetSourcesAsync(count), count);
    }

    public ValueTask<ShardSources> CountSourcesAsync(IReadOnlyList<SourceNetwork> sources)
    {
        ShardLayout.CheckLength(sources);
        return RankAsync(shard => shard.CountSources(sources), half => half.CountSourcesAsync(sources), sources.Count);
    }

    public ValueTask<ShardNews?> GetNewsAsync(ShardPoint known) => ValueTask.FromResult(
        _engine.GetHistory(KeyHistory.MaxChangesOf(_prefix.Bits)) is { } history
            ? SiloNews.Read(history, known with { Shard = _shard }, TimeSpan.Zero) with { Silo = silo.SiloAddress, Desk = _desk }
            : null);

    public async ValueTask SplitAsync()
    {
        var (keys, started) = (_engine.Shard.Count, time.GetTimestamp());
        await Halves.WaitUntilFilledAsync();
        logger.ShardSplit(Name, keys, time.GetElapsedTime(started));

        // The halves set their reminders before this shard removes its own.
        await Halves.AskBothAsync(half => half.GetUsageAsync(), (lower, _) => lower);
        await _engine.EmptyAsync();
        UpdateReminder();
    }

    /// <summary>Checks what is expired and what is due. A repeated tick finds nothing to do.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        _reminder.Ticked(status);
        var isNew = _reminder.IsNew();
        if (_engine.IsSealed)
        {
            // The cluster has it split, and its halves have reminders.
            UpdateReminder();
        }
        else if (isNew || _check.IsCompleted)
        {
            BeginCheck();
        }

        return Task.CompletedTask;
    }

    public async ValueTask<bool> RepublishAsync() => _engine.MayRead
        ? BeginCheck()
        : await Halves.AskBothAsync(static half => ManagementLog.PassOnAsync(half.RepublishAsync), (lower, upper) => lower || upper);

    // A load that failed fails the calls that wait for it, of which the first ends the activation: the next has the shard loaded again. Ended as
    // it fails, calls that are on their way would be sent on without the cause.
    private async Task WaitUntilLoadedAsync(TimeSpan limit)
    {
        try
        {
            await _load.WaitAsync(limit);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            throw new SiloUnavailableException($"{Name} moved, or its silo stopped, before it was loaded.");
        }
        catch when (_load.IsFaulted || _load.IsCanceled)
        {
            DeactivateOnIdle();
            throw;
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await BeginAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.ShardNotLoaded(Name, e.Message, e is IOException or TimeoutException ? null : e);
            this.RegisterGrainTimer(EndAsync, new GrainTimerCreationOptions(FailedPause, Timeout.InfiniteTimeSpan));
            throw;
        }

        Task EndAsync(CancellationToken ending)
        {
            DeactivateOnIdle();
            return Task.CompletedTask;
        }
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        await agreement.Completion.WaitAsync(cancellationToken);
        var period = RepublishPolicy.GetCheckPeriod(options.Value.Kademlia);
        _reminder = new GrainReminder(this, Expiry, period, random, time, logger);
        _republishing = new ShardRepublishing(Name, GrainFactory, edges, time, period, options.Value.EdgeTimeout, logger);
        var firstBits = shards.Layout.FirstBits;
        _prefix = shards.Layout.Find(_shard)
            ?? throw new ArgumentException($"There is no {Name}: the cluster has {shards.Layout.Count} shards.");
        _engine = BuildEngine(firstBits);
        var started = time.GetTimestamp();
        await _engine.ActivateAsync(
            _moved, _prefix.Bits == firstBits ? null : Name, () => member.ConfirmAsync(cancellationToken), cancellationToken);
        _moved = null;
        _engine.Superseded += EndSuperseded;
        logger.ShardActivated(Name, _engine.Shard.Count, time.GetElapsedTime(started));
        active.Begin(this);
        UpdateReminder();

        // Shards that become active at once do not all write at once.
        this.RegisterGrainTimer(
            _ => LookAfterAsync(),
            new GrainTimerCreationOptions(ShardTimes.Pause * NodeId.Random(random).ToFraction(), ShardTimes.Pause) { Interleave = true });
        this.RegisterGrainTimer(
            _ => GoOnAsync(),
            new GrainTimerCreationOptions(GoesOnWithin * NodeId.Random(random).ToFraction(), Timeout.InfiniteTimeSpan) { Interleave = true });
    }

    // Also once after a start: what the activation before had not handed over would wait for the next tick, which may be a period away.
    private Task GoOnAsync()
    {
        if (!_engine.IsSealed && _check.IsCompleted)
        {
            // Not awaited: it may take longer than a call may.
            _check = HandOverDueAsync();
        }

        return Task.CompletedTask;
    }

    // A reminder that could not be set would wait for the next write.
    private async Task LookAfterAsync()
    {
        UpdateReminder();
        await _engine.ClaimAsync();
        await _engine.SaveTimesAsync();
    }

    // Its silo does not answer from the cache any more.
    private void Close()
    {
        _engine?.Close();
        active.End(this);
    }

    // The next call goes to the activation that has the shard now.
    private void EndSuperseded()
    {
        _engine.Close();
        DeactivateOnIdle();
    }

    // Not awaited either. A check that still hands over goes on, and one other may wait for its end. Returns false if one waits.
    private bool BeginCheck()
    {
        if (!_check.IsCompleted && _republishing.IsNextWaiting)
        {
            return false;
        }

        var isFree = _check.IsCompleted || _republishing.EndSoon();
        _check = CheckAsync(_check);
        return isFree;
    }

    private ShardHalves Halves =>
        _halves ?? throw new InvalidOperationException($"A cluster has at most {1 << GrainKeys.MaxShardBits} shards.");

    private ShardEngine BuildEngine(int firstBits)
    {
        _limitsVersion = limits.Version;
        if (_prefix.Bits == GrainKeys.MaxShardBits)
        {
            return NewEngine(halves: null);
        }

        var lower = GrainFactory.GetGrain<IKeyShardGrain>(GrainKeys.Shard(_prefix.Halves.Lower, firstBits));
        var upper = GrainFactory.GetGrain<IKeyShardGrain>(GrainKeys.Shard(_prefix.Halves.Upper, firstBits));
        var border = _prefix.Halves.Upper.Range.Prefix;
        var engine = NewEngine(new HalfRecords(RecordsOf(lower.GetGrainId()), RecordsOf(upper.GetGrainId()), border));
        _halves = new ShardHalves(lower, upper, border, engine);
        return engine;
    }

    private ShardEngine NewEngine(HalfRecords? halves) =>
        new(Name, RecordsOf(this.GetGrainId()), halves, Quota, cache, options.Value.Kademlia, random, time, logger);

    private ShardRecordStorage RecordsOf(GrainId grain) =>
        new(new GrainRecordStorage(storage, grain, time, options.Value.StorageTimeout));

    private string Name => GrainKeys.ShardName(_shard);

    private TimeSpan RecentStep => time.RecentStep;

    private StoreQuota Quota => ShardQuota.Of(limits.Values.Quota, _prefix.Bits);

    // What is expired does not wait for the end of the check before.
    private async Task CheckAsync(Task before)
    {
        var expiry = ExpireAsync();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _republishing.IsNextWaiting = false;
        await expiry;
        await HandOverDueAsync();
    }

    private async Task ExpireAsync()
    {
        try
        {
            await _engine.ExpireAsync();
            UpdateReminder();
        }
        catch (LogSealedException)
        {
            // Its halves do this work.
        }
        catch (IOException e)
        {
            logger.ExpiryFailed(Name, e.Message);
        }
    }

    private Task HandOverDueAsync()
    {
        // Due when it begins: what comes to be due meanwhile is the next tick's.
        var now = time.GetUtcNow();
        return _republishing.HandOverAsync(after => _engine.FindDue(after, RepublishWork.MaxKeys, now), _ending.Token);
    }

    private async ValueTask<ShardSources> RankAsync(
        Func<KeyShard, SourceRanking> rank, Func<IKeyShardGrain, ValueTask<ShardSources>> ask, int count)
    {
        return _engine.MayRead ? ShardSources.Of(rank(_engine.Shard)) : await Halves.AskBothAsync(ask, Merge);

        ShardSources Merge(ShardSources lower, ShardSources upper)
        {
            var merge = new SourceMerge(lower.Sources.Count + upper.Sources.Count);
            merge.Add(lower.ToRanking());
            merge.Add(upper.ToRanking());
            return ShardSources.Of(merge.Rank(count));
        }
    }

    private async ValueTask<IReadOnlyList<StoredValue?>> ReadAsync(IReadOnlyList<NodeId> keys, ShardGet get)
    {
        var read = await _engine.ReadAsync(get.MissingKeys, keeps: true);
        if (!_engine.MayRead)
        {
            return await Halves.AskAsync(keys, key => key, static (half, some) => half.GetAsync(some));
        }

        get.Fill(read.Select(get.Alive));
        return get.Values;
    }

    private static bool IsItem(ShardPut put) => ItemEnvelope.IsItemLike(put.Value.Value);

    // The shard gives the versions. Only a restored value brings one: any client could lower that of a deleted key.
    private static Put PutOf(ShardPut put, CheckedItem? item) => new(
        put.Key,
        put.Value.Version == 0 || put.Kind == PutKind.Import ? put.Value : put.Value with { Version = 0 },
        put.Terms with { Item = item });

    // The edge that sends a stranger's item has verified it within a budget. Here each is verified again, unless it is held byte for byte. The
    // other puts of the call wait too, so that their order stays.
    private async Task<IReadOnlyList<StoreResult>> CheckAndPutAsync(IReadOnlyList<ShardPut> puts)
    {
        var found = await Task.WhenAll(puts.Select(async put => IsItem(put) ? await FindItemAsync(put.Key, put.Value.Value) : null));

        // What was not found to be one is refused by the rule.
        return await _engine.PutAsync([.. puts.Zip(found)], static pair => PutOf(pair.First, pair.Second), RecentStep);
    }

    private async Task<CheckedItem?> FindItemAsync(NodeId key, DhtValue value) =>
        (await checks.CheckAsync(key, value, SourceNetwork.Trusted, Peek(key))).Item;

    private DhtValue Peek(NodeId key) => _engine.Log.Image.TryFind(key, out var held) && held is not null ? held.Value : default;

    private async ValueTask<IReadOnlyList<TResult>> WriteAsync<TItem, TResult>(
        IReadOnlyList<TItem> items,
        Func<TItem, NodeId> keyOf,
        Func<KeyShardGrain, IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> write,
        Func<IKeyShardGrain, IReadOnlyList<TItem>, ValueTask<IReadOnlyList<TResult>>> passOn)
    {
        await WaitUntilLoadedAsync(CallLimit);
        CheckKeys(items, keyOf);
        if (limits.Version is var newest && newest != _limitsVersion)
        {
            _limitsVersion = newest;
            _engine.Log.Use(Quota);
        }

        if (!_engine.IsSealed)
        {
            try
            {
                var results = await write(this, items);
                UpdateReminder();
                return results;
            }
            catch (LogSealedException)
            {
                // The seal came first.
            }
        }

        return await Halves.AskAsync(items, keyOf, passOn);
    }

    private void CheckKeys<T>(IReadOnlyList<T> items, Func<T, NodeId> keyOf)
    {
        ShardLayout.CheckLength(items);
        foreach (var item in items)
        {
            if (!_prefix.Contains(keyOf(item)))
            {
                throw new ArgumentException($"The key {keyOf(item)} does not belong to {Name}.", nameof(items));
            }
        }
    }

    private void UpdateReminder() => _reminder.Set(!_engine.AreHalvesFilled && _engine.Shard.Count > 0);
}

/// <summary>Calls the two halves of a shard in its place, as soon as they have everything.</summary>
internal sealed class ShardHalves(IKeyShardGrain lower, IKeyShardGrain upper, NodeId border, ShardEngine engine)
{
    /// <summary>The most requests that wait while the shard is being split. Further ones fail at once.</summary>
    private const int MaxWaiting = 16_384;

    private int _waiting;

    public async ValueTask<IReadOnlyList<TResult>> AskAsync<TRequest, TResult>(
        IReadOnlyList<TRequest> requests,
        Func<TRequest, NodeId> keyOf,
        Func<IKeyShardGrain, IReadOnlyList<TRequest>, ValueTask<IReadOnlyList<TResult>>> call)
    {
        await WaitUntilFilledAsync(requests.Count);
        return (await ShardCall.DivideAsync(requests, request => keyOf(request) >= border ? 1 : 0, half => half == 0 ? lower : upper, call, all => all)).Results;
    }

    /// <summary>Reads a page of keys in order: of the lower half, and if that has no more, of the upper one too.</summary>
    public async ValueTask<IReadOnlyList<T>> ReadPageAsync<T>(
        NodeId? after, int count, Func<IKeyShardGrain, int, ValueTask<IReadOnlyList<T>>> read)
    {
        await WaitUntilFilledAsync();
        var page = after >= border ? [] : await read(lower, count);
        return page.Count == count ? page : [.. page, .. await read(upper, count - page.Count)];
    }

    public async ValueTask<T> AskBothAsync<T>(Func<IKeyShardGrain, ValueTask<T>> call, Func<T, T, T> merge)
    {
        await WaitUntilFilledAsync();
        var both = await Task.WhenAll(call(lower).AsTask(), call(upper).AsTask());
        return merge(both[0], both[1]);
    }

    // Waits until the halves have everything. IOException: too many wait.
    public async Task WaitUntilFilledAsync(int requests = 1)
    {
        if (_waiting + requests > MaxWaiting)
        {
            throw new IOException($"More than {MaxWaiting} requests wait until the shard is split.");
        }

        _waiting += requests;
        try
        {
            await engine.FillHalvesAsync();
        }
        finally
        {
            _waiting -= requests;
        }
    }
}
