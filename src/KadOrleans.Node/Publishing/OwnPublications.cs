using KadOrleans.Core.Items;

namespace KadOrleans.Node;

internal sealed class OwnPublications(IPublicationStore store, IKeyStore keys, TimeProvider time, ILogger logger)
{
    // For single writes of the store: a durable set takes no turn of the key's STOREs, and a condition must see it.
    private readonly KeyTurns _writes = new();

    private readonly LogPause _fullLogged = new();

    // Guards itself. Of calls under a condition, which may be repeated.
    private readonly RecentWrites _recent = new();

    /// <summary>Sends a value and publishes it from then on. It is pending while nobody has answered.</summary>
    public Task<SetResult> SetAsync(DhtNode node, NodeId key, DhtValue value, CancellationToken cancellationToken) =>
        node.Turns.TryRunAsync(key, () => SetInTurnAsync(node, key, value, cancellationToken), Busy, cancellationToken);

    // It is remembered before it is stored and sent: a get returns it from then on, and what is set durably meanwhile, which takes no turn, is later.
    private async Task<SetResult> SetInTurnAsync(DhtNode node, NodeId key, DhtValue value, CancellationToken cancellationToken)
    {
        StoreRules.ThrowIfRefused(value);
        var (remembered, pending, before) = await _writes.RunAsync(key, () => RememberIfAllowedAsync(key, value, cancellationToken), cancellationToken);
        if (remembered.IsRefusalOfItem())
        {
            return new SetResult { Local = remembered };
        }

        var after = before;
        try
        {
            var result = LogIfFull(key, await node.SetAsync(key, value, life: null, cancellationToken, pending.Version));
            if (result.Succeeded)
            {
                after = pending with { PublishedAt = time.GetUtcNow(), IsPending = node.IsCutOff(result) };
                return WithVersion(result with { Publication = remembered }, pending.Version);
            }

            return result;
        }
        finally
        {
            if (remembered == StoreResult.Stored)
            {
                await ReplaceAsync(key, pending, after, CancellationToken.None);
            }
        }
    }

    /// <summary>Stores a value for a time, unless the key is published: another value is refused, and the same one is sent as the publication that it is.</summary>
    public Task<SetResult> SetForAsync(DhtNode node, NodeId key, DhtValue value, TimeSpan life, CancellationToken cancellationToken) =>
        node.Turns.TryRunAsync(
            key,
            async () =>
            {
                var (version, published) = await BeginWriteAsync(key, cancellationToken);
                if (published is not null && published.Value != value)
                {
                    return new SetResult { Local = StoreResult.Outdated };
                }

                var left = published is null ? life : (TimeSpan?)null;
                return WithVersion(LogIfFull(key, await node.SetAsync(key, value, left, cancellationToken, version)), version);
            },
            Busy,
            cancellationToken);

    /// <summary>
    /// Stores a value if the key has a version, and publishes it unless it has a life. Decided by the publication and the value held here, as they
    /// were read: if one of them is another one by then, all begins anew.
    /// </summary>
    public async Task<SetResult> SetIfAsync(
        DhtNode node,
        MaintenanceRunner maintenance,
        NodeId key,
        DhtValue value,
        Func<Task<GetResult>> get,
        PutTerms write,
        ValueVersion expected,
        TimeSpan? life,
        bool isDurable,
        CancellationToken cancellationToken)
    {
        for (var changes = 0; changes < StoreRules.MaxChanges; changes++)
        {
            if (await node.Turns.TryRunAsync(key, TrySetAsync, Busy, cancellationToken) is { } result)
            {
                return LogIfFull(key, result);
            }
        }

        throw StoreRules.ChangedTooOften();

        // Null if what was read is not so any more.
        async Task<SetResult?> TrySetAsync()
        {
            var (version, before) = await BeginWriteAsync(key, cancellationToken);
            var held = await keys.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken);
            if (FindOwn(write.CallId, before, held) is { } own)
            {
                return own;
            }

            if ((await get()).Version != expected)
            {
                return FindOutcome(key, write, expected.Number);
            }

            if (FindRefusal(key, value, before, held) is { } refusal)
            {
                return new SetResult { Local = refusal };
            }

            var terms = write with
            {
                Version = version,
                Condition = held is null ? PutCondition.NothingHeld : new PutCondition { Version = held.Version },
            };
            var result = life is null ? await TryPublishAsync(before, held, terms) : await TryStoreAsync(before, terms);
            if (result is not { Succeeded: true })
            {
                return result;
            }

            Remember(new RecentWrite(key, expected.Number, version, write.CallId));
            return WithVersion(result, version);
        }

        // The publication before ends, once the value is stored: the caller knows of it. Another one by then is a later set's.
        async Task<SetResult?> TryStoreAsync(Publication? before, PutTerms terms)
        {
            var stored = await StoreAsync(terms);
            if (before is not null
                && stored.Succeeded
                && await ReplaceAsync(key, before, null, CancellationToken.None) is var ended and not (StoreResult.Stored or StoreResult.Superseded))
            {
                throw new DhtUnavailableException($"The value was stored, and the publication before could not be ended ({ended}). Repeat the request.");
            }

            return stored.Local == StoreResult.Superseded ? null : stored;
        }

        async Task<SetResult?> TryPublishAsync(Publication? before, StoredValue? held, PutTerms terms)
        {
            var pending = Pending(value, terms);
            var remembered = await ReplaceAsync(key, before, pending, cancellationToken);
            if (remembered == StoreResult.Superseded)
            {
                return null;
            }

            if (remembered != StoreResult.Stored)
            {
                // As of a set: without room to remember it, the value is stored and not published again.
                return isDurable || remembered.IsUndecided() ? new SetResult { Publication = remembered }
                    : await StoreAsync(terms) is { Local: not StoreResult.Superseded } stored ? stored with { Publication = remembered }
                    : null;
            }

            if (isDurable)
            {
                if ((await keys.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken))?.Version != held?.Version)
                {
                    await TakeBackAsync(pending, before);
                    return null;
                }

                maintenance.PublishSoon(key);
                return new SetResult { Publication = remembered };
            }

            var sent = await StoreAsync(terms);
            if (sent.Local is { } local && (local == StoreResult.Superseded || local.IsUndecided() || local.IsRefusalOfItem()))
            {
                await TakeBackAsync(pending, before);
                return local == StoreResult.Superseded ? null : sent;
            }

            if (!node.IsCutOff(sent) && (sent.Stored > 0 || sent.Local == StoreResult.Stored))
            {
                await ReplaceAsync(key, pending, pending with { PublishedAt = time.GetUtcNow(), IsPending = false }, CancellationToken.None);
            }

            return sent with { Publication = remembered };
        }

        // Another set's publication stays, as it was set later.
        async Task TakeBackAsync(Publication pending, Publication? before)
        {
            if (await ReplaceAsync(key, pending, before, CancellationToken.None) is var back and not (StoreResult.Stored or StoreResult.Superseded))
            {
                throw new DhtUnavailableException($"The value was remembered and could not be taken back ({back}); it may be published. Repeat the request.");
            }
        }

        async Task<SetResult> StoreAsync(PutTerms terms)
        {
            var holders = await node.Publisher.FindHoldersAsync(key, cancellationToken);
            return await node.Publisher.StoreAsync(key, value, life, holders, terms, cancellationToken);
        }
    }

    /// <summary>Ends the publication of a key and removes what is held of it, if it has a version.</summary>
    /// <exception cref="DhtUnavailableException">The storage failed, or too many calls wait for the key.</exception>
    public async Task<DeleteResult> DeleteIfAsync(
        DhtNode node, NodeId key, Func<Task<GetResult>> get, long expected, long callId, CancellationToken cancellationToken)
    {
        var call = new PutTerms(PutKind.Publication) { IsWrite = true, CallId = callId };
        return (await node.Turns.TryRunAsync(key, DeleteInTurnAsync, Busy, cancellationToken)).Local switch
        {
            StoreResult.Stored => DeleteResult.Deleted,
            StoreResult.Superseded => DeleteResult.Superseded,
            StoreResult.Unknown => DeleteResult.Unknown,
            var failed => throw new DhtUnavailableException($"The value was not removed ({failed}). Repeat the request."),
        };

        async Task<SetResult> DeleteInTurnAsync()
        {
            var (version, before) = await BeginWriteAsync(key, cancellationToken);
            var held = await keys.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken);
            if (Math.Max(before?.Version ?? 0, held?.Version ?? 0) != expected && (await get()).Version.Number != expected)
            {
                return FindOutcome(key, call, expected);
            }

            // What is held first: an older value under a publication must not come to light. One that a stranger has stored meanwhile is later.
            if (held is not null)
            {
                await keys.RemoveIfAsync(key, held.Version, cancellationToken);
            }

            if (before is not null
                && await ReplaceAsync(key, before, null, CancellationToken.None) is var ended and not (StoreResult.Stored or StoreResult.Superseded))
            {
                return new SetResult { Local = ended };
            }

            Remember(new RecentWrite(key, expected, version, callId));
            return new SetResult { Local = StoreResult.Stored };
        }
    }

    /// <summary>The version of a value that is held or published here; that of nothing if it is neither.</summary>
    public async Task<ValueVersion> FindVersionAsync(NodeId key, DhtValue value, CancellationToken cancellationToken)
    {
        var published = await store.GetAsync(key, cancellationToken);
        var held = await keys.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken);
        return ValueVersion.Of(Math.Max(
            published is not null && published.Value == value ? published.Version : 0, held is not null && held.Value == value ? held.Version : 0));
    }

    // The call's own success, if it is the present write.
    private static SetResult? FindOwn(long callId, Publication? published, StoredValue? held)
    {
        var (isPublished, isHeld) = (published?.CallId == callId, held?.CallId == callId);
        return callId == 0 || (!isPublished && !isHeld) ? null : new SetResult
        {
            Local = isHeld ? StoreResult.Stored : null,
            Publication = isPublished ? StoreResult.Stored : null,
            Version = ValueVersion.Of(isPublished ? published!.Version : held!.Version),
        };
    }

    // The condition does not hold: an earlier try of the call may have been done.
    private SetResult FindOutcome(NodeId key, PutTerms call, long expected)
    {
        if (call.CallId == 0)
        {
            return new SetResult { Local = StoreResult.Superseded };
        }

        lock (_recent)
        {
            var outcome = _recent.FindOutcome(key, call with { IsRepeat = true, Condition = PutCondition.HasVersion(expected) });
            return new SetResult { Local = outcome.Result, Version = ValueVersion.Of(outcome.Version) };
        }
    }

    private void Remember(RecentWrite write)
    {
        lock (_recent)
        {
            _recent.Add(write);
        }
    }

    private static SetResult WithVersion(SetResult result, long version) =>
        result.Local == StoreResult.Stored || result.Publication == StoreResult.Stored ? result with { Version = ValueVersion.Of(version) } : result;

    /// <summary>
    /// Ends the publication of a key, after what is being sent of it. Nothing of it is sent later. What was not sent yet is stored here before, as
    /// nobody else has it: a value stays until it expires.
    /// </summary>
    /// <exception cref="DhtUnavailableException">The storage failed; the publication stays.</exception>
    public Task<bool> UnpublishAsync(DhtNode node, NodeId key, CancellationToken cancellationToken) => node.Turns.TryRunAsync(
        key,
        async () =>
        {
            // What is set durably meanwhile takes no turn: another publication than was read is looked at, too.
            for (var changes = 0; changes < StoreRules.MaxChanges; changes++)
            {
                if (await store.GetAsync(key, cancellationToken) is not { } published)
                {
                    return false;
                }

                var stored = published.IsPending ? await node.Publisher.StoreHereAsync(key, published.Value, published.Version, cancellationToken) : StoreResult.Stored;
                var ended = stored.IsUndecided() ? stored : await ReplaceAsync(key, published, null, cancellationToken);
                if (ended != StoreResult.Superseded)
                {
                    return ended == StoreResult.Stored ? true : throw new DhtUnavailableException($"The storage failed ({ended}); the key is published still.");
                }
            }

            throw StoreRules.ChangedTooOften();
        },
        cancellationToken);

    /// <summary>Remembers the publication and sends it later, if need be after the next start.</summary>
    /// <remarks>
    /// It does not wait for the key's turn, as an earlier value may be on its way for seconds and the caller waits for the disk alone. It
    /// needs none: it is one write of the store, which every piece of upkeep compares with what it read
    /// (<see cref="IPublicationStore.ReplaceAsync"/>), and until it is sent a get returns it from there. Its STOREs take the turn, so they
    /// leave after those of the earlier value. It waits for other single writes of the key's publication alone, so that a set under a condition
    /// sees it.
    /// </remarks>
    public async Task<SetResult> SetSoonAsync(
        MaintenanceRunner maintenance, NodeId key, DhtValue value, CancellationToken cancellationToken)
    {
        StoreRules.ThrowIfRefused(value);
        var (remembered, pending, _) = await _writes.TryRunAsync(
            key,
            () => RememberIfAllowedAsync(key, value, cancellationToken),
            static () => (StoreResult.Busy, null!, null),
            cancellationToken);
        if (remembered.IsRefusalOfItem())
        {
            return new SetResult { Local = remembered };
        }

        if (remembered == StoreResult.Stored)
        {
            maintenance.PublishSoon(key);
        }

        return remembered == StoreResult.Stored
            ? new SetResult { Publication = remembered, Version = ValueVersion.Of(pending.Version) }
            : new SetResult { Publication = remembered };
    }

    /// <summary>
    /// Stores an item to be kept for its owner, unless a newer one, or another one of its number, is published from here: the store does not
    /// hold that one before it was sent.
    /// </summary>
    public Task<StoreResult> StoreKeptAsync(NodeId key, StoredValue kept, CancellationToken cancellationToken) => _writes.TryRunAsync(
        key,
        async () => FindRefusal(key, kept.Value, await store.GetAsync(key, cancellationToken), held: null)
            ?? await keys.PutAsync(key, kept, PutKind.Publication, cancellationToken),
        static () => StoreResult.Busy,
        cancellationToken);

    /// <summary>Adds the number of the item that is held or published here to the result of a put that was refused for it.</summary>
    public async Task<SetResult> NameHeldAsync(NodeId key, SetResult result, CancellationToken cancellationToken)
    {
        if (result.Local != StoreResult.OlderItem)
        {
            return result;
        }

        try
        {
            var held = await keys.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken);
            return result with { HeldSeq = FindNewest(key, await store.GetAsync(key, cancellationToken), held)?.Item.Seq };
        }
        catch (KeyStoreException)
        {
            // The put was decided, whatever became of the storage since.
            return result;
        }
    }

    // By the rule of items (ADR 45), against what is published from here and what is held here: its store would refuse it later, or is none of the
    // nearest, and the owner's publication would have ended by then.
    private static StoreResult? FindRefusal(NodeId key, DhtValue value, Publication? published, StoredValue? held) =>
        ItemPut.FindRefusal(key, FindNewest(key, published, held), value);

    private static CheckedItem? FindNewest(NodeId key, Publication? published, StoredValue? held)
    {
        var (own, here) = (CheckedItem.OfChecked(key, published?.Value), CheckedItem.OfChecked(key, held?.Value));
        return ItemOrder.Newest.Compare(here, own) > 0 ? here : own;
    }

    // Where none was read, the turn keeps other single writes of this class away, as no other part begins a publication.
    private Task<StoreResult> ReplaceAsync(NodeId key, Publication? before, Publication? after, CancellationToken cancellationToken) =>
        _writes.RunAsync(
            key,
            async () =>
                before is not null ? LogIfNotRemembered(key, await ReplaceWriteAsync(key, before, after, cancellationToken))
                : await store.GetAsync(key, cancellationToken) is not null ? StoreResult.Superseded
                : await RememberAsync(key, after!, cancellationToken),
            cancellationToken);

    // Upkeep, which takes no turn, may have written other times into it since it was read.
    private async Task<StoreResult> ReplaceWriteAsync(NodeId key, Publication before, Publication? after, CancellationToken cancellationToken)
    {
        var result = await store.ReplaceAsync(key, before, after, cancellationToken);
        return result == StoreResult.Superseded
            && await store.GetAsync(key, cancellationToken) is { } present
            && present != before
            && (present.Version, present.Value) == (before.Version, before.Value)
                ? await store.ReplaceAsync(key, present, after, cancellationToken)
                : result;
    }

    // The version of a write, and what is published before it. A durable set that has its version already is published by then, so that of two
    // values the one with the higher version stands; one that begins later has a higher one.
    private Task<(long Version, Publication? Before)> BeginWriteAsync(NodeId key, CancellationToken cancellationToken) => _writes.RunAsync(
        key,
        async () => (keys.NextVersion(time.GetUtcNow()), await store.GetAsync(key, cancellationToken)),
        cancellationToken);

    // Nothing was sent or remembered.
    private static SetResult Busy() => new() { Local = StoreResult.Busy };

    private SetResult LogIfFull(NodeId key, SetResult result)
    {
        if (result is { Succeeded: false, Local: StoreResult.TotalQuotaExceeded } && _fullLogged.TryLog(time.GetElapsedTime(0)))
        {
            logger.StoreFull(key);
        }

        return result;
    }

    private Publication Pending(DhtValue value, PutTerms write) =>
        new(value, time.GetUtcNow()) { IsPending = true, Version = write.Version, CallId = write.CallId };

    // In the turn of single writes. Before: what was published until then.
    private async Task<(StoreResult Result, Publication Pending, Publication? Before)> RememberIfAllowedAsync(
        NodeId key, DhtValue value, CancellationToken cancellationToken)
    {
        var before = await store.GetAsync(key, cancellationToken);
        var held = await keys.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken);
        var pending = Pending(value, ValuePublisher.TermsOf(life: null, keys.NextVersion(time.GetUtcNow())));
        return (FindRefusal(key, value, before, held) ?? await RememberAsync(key, pending, cancellationToken), pending, before);
    }

    private async Task<StoreResult> RememberAsync(NodeId key, Publication publication, CancellationToken cancellationToken) =>
        LogIfNotRemembered(key, await store.PutAsync(key, publication, cancellationToken));

    private StoreResult LogIfNotRemembered(NodeId key, StoreResult remembered)
    {
        if (remembered is not (StoreResult.Stored or StoreResult.Superseded))
        {
            logger.NotRemembered(key, remembered);
        }

        return remembered;
    }
}
