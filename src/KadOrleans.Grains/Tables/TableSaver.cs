using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace KadOrleans.Grains;

/// <summary>
/// Saves a routing table some time after a change, at the end of its activation, and before a newer epoch counts. Observations never end,
/// so the time doubles with each save.
/// </summary>
internal sealed class TableSaver(
    RoutingTableGrain grain,
    IPersistentState<TableState> state,
    StateVersion version,
    KadClusterOptions options,
    TimeProvider time,
    ILogger logger)
{
    private long _activation;
    private long _savedEpoch;
    private bool _isChanged;

    // Another activation owns the table. Our ETag still matches, so a write would overwrite its state.
    private bool _isOver;
    private IGrainTimer? _timer;
    private TimeSpan _delay = options.SaveDelay;

    public long Epoch { get; private set; }

    public IReadOnlyList<SavedBucket> SavedBuckets { get; private set; } = [];

    /// <summary>Stores and returns the number of the activation.</summary>
    public async Task<long> BeginAsync()
    {
        version.Check(state.State.SchemaVersion, StateNames.RoutingTable);
        SavedBuckets = TableMapping.ToCore(state.State.Buckets);
        _savedEpoch = Epoch = state.State.Epoch;
        _activation = ++version.Stamp(state.State).Activations;
        await state.WriteStateAsync();
        return _activation;
    }

    public void MarkChanged()
    {
        if (_isOver)
        {
            return;
        }

        _isChanged = true;
        _timer ??= grain.RegisterGrainTimer(
            OnTimerAsync, new GrainTimerCreationOptions(_delay, Timeout.InfiniteTimeSpan) { Interleave = true });
    }

    /// <summary>Fences all older leases: at once in memory, and durably when it returns.</summary>
    public async Task RaiseEpochAsync(long epoch)
    {
        Epoch = Math.Max(Epoch, epoch);
        if (_savedEpoch != Epoch)
        {
            await WriteAsync();
        }
    }

    public Task SaveAsync() => _isChanged ? WriteAsync() : Task.CompletedTask;

    public async Task EndAsync()
    {
        try
        {
            await SaveAsync();
        }
        catch (Exception e)
        {
            logger.TableNotSaved(grain.GetPrimaryKeyString(), e);
        }
    }

    private async Task OnTimerAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        _timer = null;
        try
        {
            await SaveAsync();
            _delay = _delay * 2 < options.SaveInterval ? _delay * 2 : options.SaveInterval;
        }
        catch (Exception e)
        {
            logger.TableNotSaved(grain.GetPrimaryKeyString(), e);
            MarkChanged();
        }
    }

    private async Task WriteAsync()
    {
        if (_isOver)
        {
            throw new InconsistentStateException($"Another activation owns the table of {grain.GetPrimaryKeyString()}.");
        }

        try
        {
            await TryWriteAsync();
        }
        catch (InconsistentStateException)
        {
            await state.ReadStateAsync();
            if (state.State.Activations != _activation)
            {
                logger.TableSavedElsewhere(grain.GetPrimaryKeyString());
                (_isOver, _isChanged) = (true, false);
                grain.End();
                throw;
            }

            // The newer record is this activation's own: a write that seemed to fail.
            await TryWriteAsync();
        }
    }

    private async Task TryWriteAsync()
    {
        var epoch = Epoch;
        _isChanged = false;
        state.State = version.Stamp(
            new TableState { Activations = _activation, Epoch = epoch, Buckets = TableMapping.ToStored(grain.Save()) });
        var startedAt = time.GetTimestamp();
        try
        {
            await state.WriteStateAsync();
            _savedEpoch = epoch;
            GrainMetrics.Wrote(WriteTarget.Table, time.GetElapsedTime(startedAt));
        }
        catch (Exception e)
        {
            _isChanged = true;
            if (e is not InconsistentStateException)
            {
                GrainMetrics.WriteFailed(WriteTarget.Table);
            }

            throw;
        }
    }
}

[GenerateSerializer]
[Alias("kad.TableState")]
internal sealed class TableState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>The number of activations: the upper half of the table's versions.</summary>
    [Id(1)]
    public long Activations { get; set; }

    /// <summary>The newest lease that subscribed. Older ones stay fenced after a reactivation.</summary>
    [Id(2)]
    public long Epoch { get; set; }

    [Id(3)]
    public List<BucketState> Buckets { get; set; } = [];
}

/// <summary>A bucket from its lowest id on, in 40 hexadecimal digits. Contacts are least recently seen first, replacements newest last.</summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.BucketState")]
internal sealed record BucketState(
    [property: Id(0)] string Prefix,
    [property: Id(1)] int Depth,
    [property: Id(2)] DateTimeOffset LastLookup,
    [property: Id(3)] List<ContactState> Contacts,
    [property: Id(4)] List<ContactState> Replacements);

/// <summary>
/// A contact: the id as 40 hexadecimal digits, the endpoint as in 1.2.3.4:80 or [::1]:80, and when it entered the table. That is null in
/// states of builds that did not note it, which also drop it when they write.
/// </summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.ContactState")]
internal sealed record ContactState(
    [property: Id(0)] string Id,
    [property: Id(1)] string Endpoint,
    [property: Id(2)] DateTimeOffset LastSeen,
    [property: Id(3)] int Failures,
    [property: Id(4)] DateTimeOffset? FirstSeen);

internal static class TableMapping
{
    public static List<BucketState> ToStored(RoutingTableState table) => [.. table.Buckets.Select(ToStored)];

    /// <exception cref="FormatException">An id or an endpoint is malformed.</exception>
    public static List<SavedBucket> ToCore(IEnumerable<BucketState> buckets) => [.. buckets.Select(ToCore)];

    private static BucketState ToStored(SavedBucket bucket) => new(
        bucket.Range.Prefix.ToString(),
        bucket.Range.Depth,
        bucket.LastLookup,
        [.. bucket.Contacts.Select(ToStored)],
        [.. bucket.Replacements.Select(ToStored)]);

    private static ContactState ToStored(SavedContact saved) => new(
        saved.Contact.Id.ToString(), saved.Contact.Endpoint.ToString(), saved.LastSeen, saved.Failures, saved.FirstSeen);

    private static SavedBucket ToCore(BucketState bucket) => new(
        new BucketRange(NodeId.Parse(bucket.Prefix), bucket.Depth),
        bucket.LastLookup,
        [.. bucket.Contacts.Select(ToCore)],
        [.. bucket.Replacements.Select(ToCore)]);

    private static SavedContact ToCore(ContactState saved) => new(
        new Contact(NodeId.Parse(saved.Id), UdpEndpoint.Parse(saved.Endpoint)), saved.LastSeen, saved.Failures)
    {
        FirstSeen = saved.FirstSeen,
    };
}
