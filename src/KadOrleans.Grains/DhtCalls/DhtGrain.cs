using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Grains;

// The DHT's facade for clients. Of its own it has no state. Calls interleave, as lookups take seconds. A silo has one worker for
// each id. The runtime sends a cancellation to any worker of an id: with several it might miss the one that runs the call.
[StatelessWorker(maxLocalWorkers: 1)]
[Reentrant]
internal sealed class DhtGrain(
    IGrainFactory grains,
    IOptions<KadClusterOptions> options,
    ClusterAgreement agreement,
    ClusterShards shards,
    IRandomSource random,
    SiloNews news,
    ClusterTime time,
    ItemChecks checks,
    KnownEdges edges,
    ILogger<DhtGrain> logger) : Grain, IDhtGrain
{
    // The limit of a whole call. It is below Orleans' default response timeout of 30 s, so the caller gets the reason of a failure.
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(28);

    /// <summary>How long a shard is tried: longer than it takes to declare a silo dead. The rest of the time is for an edge.</summary>
    private static readonly TimeSpan ShardLimit = TimeSpan.FromSeconds(20);

    /// <summary>How many times a put is tried that was overtaken by others of the key.</summary>
    private const int MaxOvertaken = 5;

    /// <summary>How many later values are sent after one that they replaced while it went out.</summary>
    private const int MaxCorrections = 3;

    /// <summary>How long a newer item lives that a get found elsewhere, if that it replaces does not live longer: until others STORE it.</summary>
    private static readonly TimeSpan HeldAfterGet = TimeSpan.FromHours(1);

    private readonly GrainCalls _calls = new(time, logger);
    private readonly EdgeCaller _edges = new(grains, edges, random, time, options.Value.EdgeTimeout, logger);
    private readonly LogPause _fullLogged = new();

    public async ValueTask<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var limit = Limit(CallLimit);
        var (own, failure) = await ReadAsync(key, cancellationToken);
        return own is null ? await FindAsync(key, failure, limit, cancellationToken)
            : CheckedItem.OfChecked(key, own.Value) is { } item ? await ChooseAsync(key, own, item, limit, cancellationToken)
            : Held(own);
    }

    private static GetResult Held(StoredValue held) => new(held.Value, null) { Version = ValueVersion.Of(held.Version) };

    public async ValueTask<GetResult> GetFromAllAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var limit = Limit(CallLimit);
        var (own, failure) = await ReadAsync(key, cancellationToken);
        var result = own is null ? await FindAsync(key, failure, limit, cancellationToken) : Held(own);
        if (own is null && (!result.Found || CheckedItem.OfChecked(key, result.Value) is not null))
        {
            // A lookup that meets no other value asks all of the nearest itself.
            return result;
        }

        // Nodes that agree on what is no item would end a lookup before a holder of the item was asked.
        var held = CheckedItem.OfChecked(key, own?.Value);
        IReadOnlyList<KeyHolder> holders;
        try
        {
            holders = await _edges.CallAsync(edge => edge.AskHoldersAsync(key, cancellationToken), limit, cancellationToken);
        }
        catch (Exception e) when (held is not null && !cancellationToken.IsCancellationRequested)
        {
            logger.NetworkNotAsked(e.Message);
            return result;
        }

        if (await FindNewestAsync(key, holders) is not { } newest || ItemOrder.Newest.Compare(newest, held) <= 0)
        {
            return result;
        }

        var value = SignedItemExtensions.ValueOf(newest.Item);
        var source = own?.Source ?? SourceNetwork.Of(holders.First(holder => holder.Value == value).Contact.Endpoint);
        await HoldAsync(key, value, own?.Value, source, limit, cancellationToken);
        return new GetResult(value, new LookupOutcome
        {
            Target = key,
            Reason = TerminationReason.ValueFound,
            Closest = [.. holders.Select(holder => holder.Contact)],
            Value = value,
            Asked = holders.Count,
            Answered = holders.Count(holder => holder.Answered),
            Failed = holders.Count(holder => !holder.Answered),
            Hops = 0,
            Agreed = holders.Count(holder => holder.Value == value),
            Differed = holders.Count(holder => holder.Value is { } other && other != value),
        });
    }

    // What the shard holds, or why it does not say.
    private async Task<(StoredValue? Own, ShardUnavailableException? Failure)> ReadAsync(NodeId key, CancellationToken cancellationToken)
    {
        try
        {
            return ((await CallShardAsync(key, shard => shard.GetAsync([key]), cancellationToken))[0], null);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, LogFailure(key, e));
        }
    }

    private async Task<GetResult> FindAsync(
        NodeId key, ShardUnavailableException? shardFailure, TimeLimit limit, CancellationToken cancellationToken)
    {
        try
        {
            // The cluster may still hold the value: without the shard's response the result cannot be "not found".
            var result = await _edges.CallAsync(edge => edge.GetAsync(key, cancellationToken), limit, cancellationToken);
            return result.Found || shardFailure is null ? result : throw shardFailure;
        }
        catch (Exception e) when (shardFailure is not null && e != shardFailure && !cancellationToken.IsCancellationRequested)
        {
            throw new ShardUnavailableException($"{shardFailure.Message} Nor does the network: {e.Message}", e);
        }
    }

    // Strangers hold them. A holder has one value, so there are k at most. An item without an owner is a value as any.
    private async Task<CheckedItem?> FindNewestAsync(NodeId key, IReadOnlyList<KeyHolder> holders)
    {
        CheckedItem? newest = null;
        foreach (var value in holders.Select(holder => holder.Value).OfType<DhtValue>().Where(ItemEnvelope.IsItemLike).Distinct())
        {
            var item = (await checks.CheckAsync(key, value, SourceNetwork.Trusted)).Item;
            newest = item is { Item.IsMutable: true } && ItemOrder.Newest.Compare(item, newest) > 0 ? item : newest;
        }

        return newest;
    }

    // The owner's newest item, here or in the network, whose lookup has checked it. A newer one is stored here for a while, as at any other holder.
    private async Task<GetResult> ChooseAsync(NodeId key, StoredValue own, CheckedItem held, TimeLimit limit, CancellationToken cancellationToken)
    {
        try
        {
            var found = await _edges.CallAsync(edge => edge.GetAsync(key, cancellationToken), limit, cancellationToken);
            var item = CheckedItem.OfChecked(key, found.Value);
            if (ItemOrder.Newest.Compare(item, held) <= 0)
            {
                // Without the lookup: a client takes that for a sign that the shard holds nothing.
                return Held(own);
            }

            await HoldAsync(key, found.Value!.Value, own.Value, own.Source, limit, cancellationToken);
            return found;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.NetworkNotAsked(e.Message);
            return Held(own);
        }
    }

    // What was found is the answer, whether the shard takes it or not. What was deleted while the network was asked does not come back.
    private async Task HoldAsync(
        NodeId key, DhtValue item, DhtValue? held, SourceNetwork source, TimeLimit limit, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var copy = new StoredValue(item, now, now + HeldAfterGet, source);
        var terms = new PutTerms(PutKind.Copy) { Condition = held is null ? null : new PutCondition { Value = held } };
        try
        {
            await CallShardAsync(key, shard => shard.PutAsync([ShardPut.Of(key, copy, terms)]), cancellationToken, limit);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailure(key, e);
        }
    }

    public async ValueTask<SetResult> SetAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default)
    {
        var limit = Limit(CallLimit);
        var written = await WriteAsync(Stamp(key, value, life: null), expected: null, cancellationToken);
        return written.IsStored ? await SendAsync(written, life: null, limit, cancellationToken)
            : await RefusedAsync(key, written.Result, cancellationToken);
    }

    public async ValueTask<SetResult> PublishAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default)
    {
        var written = await WriteAsync(Stamp(key, value, life: null), expected: null, cancellationToken);
        if (written.IsStored)
        {
            // Not awaited: the value is durable, and a failure is logged.
            _ = SendAsync(written, life: null, Limit(CallLimit), CancellationToken.None);
            return written.ToResult();
        }

        return await RefusedAsync(key, written.Result, cancellationToken);
    }

    // Names the item that was newer, if the shard still answers.
    private async Task<SetResult> RefusedAsync(NodeId key, StoreResult refusal, CancellationToken cancellationToken)
    {
        if (refusal != StoreResult.OlderItem)
        {
            return new SetResult { Local = refusal };
        }

        try
        {
            var held = (await CallShardAsync(key, shard => shard.GetAsync([key]), cancellationToken))[0];
            return new SetResult { Local = refusal, HeldSeq = CheckedItem.OfChecked(key, held?.Value)?.Item.Seq };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailure(key, e);
            return new SetResult { Local = refusal };
        }
    }

    public async ValueTask<SetResult> SetForAsync(NodeId key, DhtValue value, TimeSpan life, CancellationToken cancellationToken = default)
    {
        StoreRules.ThrowIfNoLife(life);
        var limit = Limit(CallLimit);
        var written = await WriteAsync(Stamp(key, value, life), expected: null, cancellationToken);
        return written.IsStored ? await SendAsync(written, life, limit, cancellationToken)
            : await RefusedAsync(key, written.Result, cancellationToken);
    }

    public async ValueTask<SetResult> SetIfAsync(
        NodeId key, DhtValue value, ExpectedVersion expected, TimeSpan? life, bool isDurable, CancellationToken cancellationToken = default)
    {
        StoreRules.ThrowIfNoSuchSet(isDurable ? SetAcknowledgement.Durable : SetAcknowledgement.Network, life);
        ThrowIfNoCall(expected);
        var limit = Limit(CallLimit);
        var written = await WriteAsync(Stamp(key, value, life), expected, cancellationToken);
        if (!written.IsStored)
        {
            return await RefusedAsync(key, written.Result, cancellationToken);
        }

        var sending = SendAsync(written, life, limit, isDurable ? CancellationToken.None : cancellationToken);
        return isDurable ? written.ToResult() : await sending;
    }

    public async ValueTask<DeleteResult> DeleteIfAsync(NodeId key, ExpectedVersion expected, CancellationToken cancellationToken = default)
    {
        ThrowIfNoCall(expected);
        var removal = new ShardWrite(key, null, PutKind.Publication, expected.Version, expected.CallId, expected.IsRepeat);
        var written = await WriteAsync(() => removal, expected, cancellationToken);
        return written.IsStored ? DeleteResult.Deleted
            : written.Result == StoreResult.Superseded ? DeleteResult.Superseded
            : DeleteResult.Unknown;
    }

    private static void ThrowIfNoCall(ExpectedVersion expected)
    {
        if (expected.CallId == 0 || expected.Version < 0)
        {
            throw new ArgumentException("The id of a call is 0, or the version is negative.", nameof(expected));
        }
    }

    public async ValueTask<SetResult> KeepAsync(
        NodeId key, DhtValue item, DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        var end = KeepRules.FindEnd(item, until, time.GetUtcNow());
        var limit = Limit(CallLimit);
        var written = await WriteAsync(StampKept(key, item, end), expected: null, cancellationToken);
        if (!written.IsStored)
        {
            return await RefusedAsync(key, written.Result, cancellationToken);
        }

        var sent = await SendAsync(written, life: null, limit, cancellationToken);
        if (sent.Refused > 0 && CheckedItem.OfChecked(key, item) is { } kept)
        {
            // Others have a newer one.
            await ChooseAsync(key, written.Value, kept, limit, cancellationToken);
        }

        return sent;
    }

    // Not called again when it may have run: a second answer would say that the key was not published.
    public async ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var shard = Shard(key);
        var (grain, name) = (ShardGrain(shard), GrainKeys.ShardName(shard));
        try
        {
            return (await _calls.CallOnceAsync(name, () => grain.UnpublishAsync([key]), Limit(ShardLimit), cancellationToken))[0];
        }
        catch (IOException e)
        {
            // Its storage failed.
            throw ShardUnavailableException.Of(name, e);
        }
    }

    /// <summary>Answers by the silo's news of the shards. Only keys that may have changed are read.</summary>
    public async ValueTask<DhtWatchResult> WatchAsync(DhtWatchRequest request)
    {
        List<NodeId> keys = [.. request.Keys, .. request.NewKeys];
        ShardLayout.CheckLength(keys);
        ShardLayout.CheckLength(request.Known);
        var byShard = keys.ToLookup(Shard);
        var known = request.Known.DistinctBy(point => point.Shard).ToDictionary(point => point.Shard);
        var points = byShard.ToDictionary(share => share.Key, share => known.GetValueOrDefault(share.Key, new ShardPoint(share.Key, 0, 0)));
        var fresh = request.NewKeys.ToHashSet();
        var heard = await news.ReadAsync([.. points.Values], ShardGrain);
        List<(long Shard, NodeId Key)> wanted = [.. heard.SelectMany(one => FindWanted(one, byShard[one.Shard], fresh).Select(key => (one.Shard, key)))];
        var (values, unanswered) = await ShardCall.DivideAsync(
            wanted,
            one => one.Shard,
            ShardGrain,
            static (shard, some) => shard.GetAsync([.. some.Select(one => one.Key)]),
            calls => ShardCall.WaitAsync(calls, time));

        // The news of a shard that does not respond come again with the next request.
        var silent = unanswered.Select(place => wanted[place].Shard).ToHashSet();
        foreach (var one in heard.Where(one => !silent.Contains(one.Shard)))
        {
            points[one.Shard] = new ShardPoint(one.Shard, one.Generation, one.Version);
        }

        return new DhtWatchResult(
            [
                .. wanted.Zip(values).Where(one => !silent.Contains(one.First.Shard))
                    .Select(one => new WatchedValue(one.First.Key, one.Second?.Value, one.Second?.ExpiresAt)),
            ],
            [.. points.Values],
            time.GetUtcNow());
    }

    public async ValueTask<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default) =>
        await _edges.CallAsync(edge => edge.FindNodeAsync(target, cancellationToken), Limit(CallLimit), cancellationToken);

    public async ValueTask<PingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        endpoint.ThrowIfNotUnicast();
        return await _edges.CallAsync(edge => edge.PingAsync(endpoint), Limit(CallLimit), cancellationToken);
    }

    public async ValueTask<ClusterStatus> GetStatusAsync()
    {
        var directory = grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        var status = await _calls.CallAsync(nameof(IEdgeDirectoryGrain), directory.GetStatusAsync, Limit(CallLimit), CancellationToken.None);
        return new ClusterStatus(
            agreement.Completion.IsCompletedSuccessfully ? options.Value.SettingsWith(shards.Layout) : null,
            status);
    }

    private TimeLimit Limit(TimeSpan length) => new(length, time);

    private long Shard(NodeId key) => shards.Layout.ShardOf(key);

    private IKeyShardGrain ShardGrain(long shard) => grains.GetGrain<IKeyShardGrain>(shard);

    private Task<T> CallShardAsync<T>(
        NodeId key, Func<IKeyShardGrain, ValueTask<T>> call, CancellationToken cancellationToken, TimeLimit? whole = null)
    {
        var shard = Shard(key);
        var grain = ShardGrain(shard);
        var limit = whole is { } given && given.Left < ShardLimit ? given : Limit(ShardLimit);
        return _calls.CallAsync(GrainKeys.ShardName(shard), () => call(grain), limit, cancellationToken);
    }

    /// <summary>Has the shard store or remove a value. The network gets nothing before that, as a later get asks the shard first.</summary>
    /// <param name="next">The write, with a new time for each try: the shard refuses old ones.</param>
    /// <param name="expected">What it awaits of the shard; null: no condition.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShardUnavailableException">The shard may not hold it.</exception>
    private async Task<Written> WriteAsync(Func<ShardWrite> next, ExpectedVersion? expected, CancellationToken cancellationToken)
    {
        var write = next();
        if (write.Value is { } offered)
        {
            StoreRules.ThrowIfRefused(offered.Value);
        }

        var key = write.Key;
        ShardWritten written;
        try
        {
            // One that was overtaken is not older than the call: while it was on its way an edge may have renewed the value before.
            var (tries, overtaken) = (0, 0);
            do
            {
                written = await CallShardAsync(
                    key,
                    shard =>
                    {
                        write = next();
                        return shard.WriteAsync(expected is not { } condition ? write : write with
                        {
                            Expected = condition.Version,
                            CallId = condition.CallId,
                            IsRepeat = condition.IsRepeat || tries++ > 0,
                        });
                    },
                    cancellationToken);
            }
            while (written.Result == StoreResult.Overtaken && ++overtaken < MaxOvertaken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw LogFailure(key, e);
        }

        if (written.Result == StoreResult.TotalQuotaExceeded && _fullLogged.TryLog(time.GetElapsedTime(0)))
        {
            logger.ShardFull(GrainKeys.ShardName(Shard(key)));
        }

        return !written.Result.IsUndecided()
            ? new Written(key, write.Value!, written.Result, written.Version)
            : throw new ShardUnavailableException(
                $"The cluster's {GrainKeys.ShardName(Shard(key))} did not {(write.Value is null ? "remove" : "store")} the value: {ReasonOf(written.Result)}.");
    }

    /// <summary>A write that the shard has decided, with the value as it was offered last; null of a removal.</summary>
    private readonly record struct Written(NodeId Key, StoredValue Value, StoreResult Result, long Version)
    {
        public bool IsStored => Result == StoreResult.Stored;

        public SetResult ToResult() => new() { Local = Result, Version = ValueVersion.Of(Version) };
    }

    // A publication is pending until the network has it.
    private Func<ShardWrite> Stamp(NodeId key, DhtValue value, TimeSpan? life) => () =>
    {
        var now = time.GetUtcNow();
        var stored = new StoredValue(value, now, now + options.Value.Kademlia.Bound(life), SourceNetwork.Trusted)
        {
            PublishedAt = life is null ? StoredValue.PendingSince(now) : null,
            IsAuthored = true,
        };
        return new ShardWrite(key, stored, life is null ? PutKind.Publication : PutKind.WithLife, null, 0, false);
    };

    private Func<ShardWrite> StampKept(NodeId key, DhtValue item, DateTimeOffset until) => () =>
    {
        var kept = new StoredValue(item, time.GetUtcNow(), until, SourceNetwork.Trusted) { IsKept = true, IsAuthored = true };
        return new ShardWrite(key, kept, PutKind.Publication, null, 0, false);
    };

    private static string ReasonOf(StoreResult undecided) => undecided switch
    {
        StoreResult.Busy => "too many values wait for its storage",
        StoreResult.Late => "the put came too late",
        StoreResult.Overtaken => "it holds a value that was set later",
        StoreResult.StorageFailed => "its storage failed",
        _ => throw new ArgumentOutOfRangeException(nameof(undecided), undecided, "The put was decided."),
    };

    private async Task<SetResult> SendAsync(Written written, TimeSpan? life, TimeLimit limit, CancellationToken cancellationToken)
    {
        var result = await SpreadAsync(written.Key, written.Value.Value, life, limit, cancellationToken);
        if (MayBeHeld(result))
        {
            // Not awaited: if it fails, the value is published once more.
            _ = EndAsync(written.Key, written.Value, result);
        }

        return result with { Local = StoreResult.Stored, Version = ValueVersion.Of(written.Version) };
    }

    private static bool MayBeHeld(SetResult result) => result.Stored + result.Failed > 0;

    // Confirms what was sent. If another value has been stored meanwhile, that one is sent again: this one may have reached contacts
    // later, from another edge.
    private async Task EndAsync(NodeId key, StoredValue sent, SetResult result)
    {
        try
        {
            for (var i = 0; i < MaxCorrections && !await IsConfirmedAsync(key, sent, result); i++)
            {
                var held = (await CallShardAsync(key, shard => shard.GetAsync([key]), CancellationToken.None))[0];
                if (held is null || held.Value == sent.Value || !held.Source.IsTrusted)
                {
                    return;
                }

                TimeSpan? life = held.PublishedAt is null ? options.Value.Kademlia.LifeOf(held, time.GetUtcNow()) : null;
                result = await SpreadAsync(key, held.Value, life, Limit(CallLimit), CancellationToken.None);
                if (!MayBeHeld(result))
                {
                    return;
                }

                sent = held;
            }
        }
        catch (Exception e)
        {
            LogFailure(key, e);
        }
    }

    // False also if there is nothing to be confirmed: the value has a life, or no contact told that it has it.
    private async Task<bool> IsConfirmedAsync(NodeId key, StoredValue sent, SetResult result) =>
        result.Stored > 0
        && sent.PublishedAt is { } mark
        && (await CallShardAsync(key, shard => shard.ConfirmPublishedAsync([new PublishedKey(key, mark)]), CancellationToken.None))[0];

    private ShardUnavailableException LogFailure(NodeId key, Exception cause)
    {
        var failure = ShardUnavailableException.Of(GrainKeys.ShardName(Shard(key)), cause);
        logger.ShardFailed(failure.Message);
        return failure;
    }

    private async Task<SetResult> SpreadAsync(
        NodeId key, DhtValue value, TimeSpan? life, TimeLimit limit, CancellationToken cancellationToken)
    {
        try
        {
            return await _edges.CallAsync(
                edge => life is { } chosen ? edge.SetForAsync(key, value, chosen) : edge.SetAsync(key, value), limit, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The cluster holds the value, and the result says that the network has no copy.
            logger.NetworkNotReached(e.Message);
            return new SetResult();
        }
    }

    private static IEnumerable<NodeId> FindWanted(ShardNews news, IEnumerable<NodeId> keys, HashSet<NodeId> fresh)
    {
        HashSet<NodeId> changed = [.. news.Changed];
        return keys.Where(key => news.Filter is not null || fresh.Contains(key) || changed.Contains(key)).Distinct();
    }
}
