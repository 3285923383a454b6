using Orleans.CodeGeneration;

namespace KadOrleans.Client;

// The values of the keys with one prefix. Key: ShardLayout.ShardOf. Reads never wait for writes. A key of another shard is
// refused with ArgumentException. Callers must not change a list that they passed: within a silo it is not copied. A shard that
// was split passes all calls on to its two halves.
[Alias("kad.IKeyShardGrain")]
[Version(5)]
[OpenTo(Callers.Silos)]
internal interface IKeyShardGrain : IGrainWithIntegerKey
{
    // The timeout of a get or put: the UDP timeout of a remote node, less a second. A killed silo loses its pending calls
    // silently. With Orleans' 30 s the calls behind them would wait as long.
    const string CallTimeout = "00:00:04";

    /// <summary>Gets the values of these keys, in their order. Null for a key without a live value. At most 1,024 keys.</summary>
    [Alias("Get")]
    [OpenTo(Callers.Clients)]
    [ResponseTimeout(CallTimeout)]
    ValueTask<IReadOnlyList<StoredValue?>> GetAsync([Immutable] IReadOnlyList<NodeId> keys);

    // Puts at most 1,024 values in order, and returns the results in the same order. StoreResult.Stored means that the value is
    // in storage. A value that is already held is not written again. A put is StoreResult.Overtaken if it was received before the
    // held value (StoredValue.StoredAt), and StoreResult.Late if that was more than 9 s ago. A signed item is verified
    // first, unless it is held byte for byte; of items the owner's number decides, not the time. Concurrent puts, also of several calls,
    // share one storage write. If the write fails exactly those puts fail, and memory stays equal to storage.
    [Alias("Put")]
    [OpenTo(Callers.Clients)]
    [ResponseTimeout(CallTimeout)]
    ValueTask<IReadOnlyList<StoreResult>> PutAsync([Immutable] IReadOnlyList<ShardPut> puts);

    // Writes a program's value, or removes the one that has a version: null as the value. As of a put, but it returns the version that the key
    // then has, and the call's id lets it find its own success when it is tried again.
    [Alias("Write")]
    [OpenTo(Callers.Silos)]
    [ResponseTimeout(CallTimeout)]
    ValueTask<ShardWritten> WriteAsync([Immutable] ShardWrite write);

    /// <summary>Removes keys. Returns true for each that was held. Durable when it returns; throws if storage fails.</summary>
    [Alias("Remove")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<IReadOnlyList<bool>> RemoveAsync(IReadOnlyList<NodeId> keys);

    /// <summary>Removes expired keys, and returns their number. Throws if storage fails.</summary>
    [Alias("RemoveExpired")]
    [OpenTo(Callers.Clients)]
    ValueTask<int> RemoveExpiredAsync(DateTimeOffset now);

    // Up to count (1 to 1,024) keys of a region above after, or from the first if it is null, with their values. In the order of
    // keys. Fewer than count are the last.
    [Alias("Scan")]
    [OpenTo(Callers.Clients)]
    ValueTask<IReadOnlyList<ShardPut>> ScanAsync(KeyRegion region, NodeId? after, int count);

    // Stops publishing at most 1,024 keys, and keeping their items for the owners. Returns true for each that the cluster published or kept. The
    // values stay until they expire.
    // Durable when it returns; throws if storage fails.
    [Alias("Unpublish")]
    [OpenTo(Callers.Clients)]
    ValueTask<IReadOnlyList<bool>> UnpublishAsync(IReadOnlyList<NodeId> keys);

    // The network has these publications, at most 1,024. Returns true for each that was pending under this mark, and is not any
    // more. Durable when it returns; throws if storage fails.
    [Alias("ConfirmPublished")]
    ValueTask<IReadOnlyList<bool>> ConfirmPublishedAsync(IReadOnlyList<PublishedKey> published);

    // Up to count (1 to 1,024) keys above after, or from the first, that are due at now. In the order of keys. A key is due if it
    // got no STORE for an interval, or if the cluster published it a day ago (Kademlia §2.5).
    [Alias("GetDueForRepublish")]
    ValueTask<IReadOnlyList<NodeId>> GetDueForRepublishAsync(DateTimeOffset now, NodeId? after, int count);

    /// <summary>When the first of the keys that are not due yet is; null if there is none.</summary>
    [Alias("GetNextDue")]
    ValueTask<DateTimeOffset?> GetNextDueAsync();

    [Alias("GetUsage")]
    [OpenTo(Callers.Clients)]
    ValueTask<ShardUsage> GetUsageAsync();

    // The source networks that hold most keys and those that hold most bytes: up to count (1 to 1,024) of each. Reads no value.
    [Alias("GetSources")]
    ValueTask<ShardSources> GetSourcesAsync(int count);

    /// <summary>What each of at most 1,024 source networks holds, in no order, and the totals of all.</summary>
    [Alias("CountSources")]
    ValueTask<ShardSources> CountSourcesAsync(IReadOnlyList<SourceNetwork> sources);

    // The changes since a state that the caller knows, or all keys. Null if the shard is split: its halves have news of their
    // own. For IShardDesk.GetNewsAsync.
    [Alias("GetNews")]
    [ResponseTimeout(CallTimeout)]
    ValueTask<ShardNews?> GetNewsAsync(ShardPoint known);

    // Splits the shard into two of one more bit. Everything is in them, and nothing here, when it returns. Gets go on meanwhile, and writes
    // wait. If it fails, everything is still here or there, and it may be called again, also of a shard that is split.
    [Alias("Split")]
    [ResponseTimeout("00:02:00")]
    ValueTask SplitAsync();

    // Begins the hourly work now: removes expired values, and passes on those that are due for republishing. Does not wait for
    // its end. While such work passes values on it begins after that, and false is returned.
    [Alias("Republish")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<bool> RepublishAsync();
}

/// <summary>A key and its value. The kind is used by puts alone.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardPut")]
internal readonly record struct ShardPut([property: Id(0)] NodeId Key, [property: Id(1)] StoredValue Value, [property: Id(2)] PutKind Kind = PutKind.Publication)
{
    // Of its objects and of the message that brought it.
    public const int FixedFootprint = 512;

    [Id(3)]
    public PutScope Scope { get; init; }

    [Id(4)]
    public ShardCondition? Condition { get; init; }

    /// <summary>About the bytes of memory that it takes while it waits.</summary>
    public int Footprint => FixedFootprint + Value.Value.ContentLength + (Condition?.Value?.ContentLength ?? 0);

    public PutTerms Terms => new(Kind)
    {
        Scope = Scope,
        Condition = Condition is { } condition
            ? new PutCondition
            {
                Value = condition.Value,
                PublishedAt = condition.PublishedAt,
                StoredBy = condition.StoredBy,
                EndsPublication = condition.EndsPublication,
                IsAbsent = condition.IsAbsent,
                Seq = condition.Seq,
                KeptUntil = condition.KeptUntil,
            }
            : null,
    };

    public static ShardPut Of(NodeId key, StoredValue value, PutTerms terms) => new(key, value, terms.Kind)
    {
        Scope = terms.Scope,
        Condition = terms.Condition is { } condition
            ? new ShardCondition(condition.Value, condition.PublishedAt, condition.StoredBy, condition.EndsPublication, condition.IsAbsent)
            {
                Seq = condition.Seq,
                KeptUntil = condition.KeptUntil,
            }
            : null,
    };
}

/// <summary>A program's write. Without a value it removes the one that has the expected version.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardWrite")]
internal readonly record struct ShardWrite(
    [property: Id(0)] NodeId Key,
    [property: Id(1)] StoredValue? Value,
    [property: Id(2)] PutKind Kind,
    [property: Id(3)] long? Expected,
    [property: Id(4)] long CallId,
    [property: Id(5)] bool IsRepeat)
{
    /// <summary>About the bytes of memory that it takes while it waits.</summary>
    public int Footprint => ShardPut.FixedFootprint + (Value?.Value.ContentLength ?? 0);

    public PutTerms Terms => new(Kind)
    {
        Condition = Expected is { } version ? PutCondition.HasVersion(version) : null,
        IsWrite = true,
        CallId = CallId,
        IsRepeat = IsRepeat,
    };
}

/// <summary>The result of a write; the version is 0 unless a value was stored.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardWritten")]
internal readonly record struct ShardWritten([property: Id(0)] StoreResult Result, [property: Id(1)] long Version);

/// <summary>A <see cref="PutCondition"/> between processes.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardCondition")]
internal sealed record ShardCondition(
    [property: Id(0)] DhtValue? Value,
    [property: Id(1)] DateTimeOffset? PublishedAt,
    [property: Id(2)] DateTimeOffset? StoredBy,
    [property: Id(3)] bool EndsPublication,
    [property: Id(4)] bool IsAbsent)
{
    [Id(5)]
    public long? Seq { get; init; }

    [Id(6)]
    public DateTimeOffset? KeptUntil { get; init; }
}

/// <summary>A publication that the network has, with the <see cref="StoredValue.PendingSince"/> that it was stored with.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.PublishedKey")]
internal readonly record struct PublishedKey([property: Id(0)] NodeId Key, [property: Id(1)] DateTimeOffset Mark);

/// <summary>The keys that a shard holds, expired ones included, and the footprint of their values.</summary>
[GenerateSerializer]
[Alias("kad.ShardUsage")]
internal readonly record struct ShardUsage([property: Id(0)] long Keys, [property: Id(1)] long Bytes)
{
    // Of the keys, those of items that are kept for their owners.
    [Id(2)]
    public long Kept { get; init; }
}
