using System.Collections.Concurrent;
using KadOrleans.Shards;
using Orleans.Serialization;
using Orleans.Storage;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Grain storage that counts the operations on another one, by the kind of state.</summary>
internal sealed class CountingGrainStorage(IGrainStorage storage, StorageCounts counts, Serializer serializer) : IGrainStorage
{
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await storage.ReadStateAsync(stateName, grainId, grainState);
        counts.Add(stateName, new StorageUsage { Reads = 1, BytesRead = grainState.RecordExists ? LengthOf(grainState.State) : 0 });
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        // A write is paid for whether it succeeds or not.
        counts.Add(stateName, new StorageUsage { Writes = 1, BytesWritten = LengthOf(grainState.State) });
        await storage.WriteStateAsync(stateName, grainId, grainState);
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        counts.Add(stateName, new StorageUsage { Clears = 1 });
        await storage.ClearStateAsync(stateName, grainId, grainState);
    }

    private long LengthOf<T>(T state) => serializer.SerializeToArray(state).Length;
}

/// <summary>The kinds of stored state, which cost differently.</summary>
internal enum StateKind
{
    LogRecord,
    Page,
    PageKeys,
    Manifest,
    Table,
    Directory,
    Cluster,
    Rules,
    Crawl,
    Audit,
}

/// <summary>Operations on storage, and the bytes of the states that they moved.</summary>
internal readonly record struct StorageUsage
{
    public long Reads { get; init; }

    public long Writes { get; init; }

    public long Clears { get; init; }

    public long BytesRead { get; init; }

    public long BytesWritten { get; init; }

    public static StorageUsage operator +(StorageUsage one, StorageUsage other) => new()
    {
        Reads = one.Reads + other.Reads,
        Writes = one.Writes + other.Writes,
        Clears = one.Clears + other.Clears,
        BytesRead = one.BytesRead + other.BytesRead,
        BytesWritten = one.BytesWritten + other.BytesWritten,
    };

    public static StorageUsage operator -(StorageUsage one, StorageUsage other) => new()
    {
        Reads = one.Reads - other.Reads,
        Writes = one.Writes - other.Writes,
        Clears = one.Clears - other.Clears,
        BytesRead = one.BytesRead - other.BytesRead,
        BytesWritten = one.BytesWritten - other.BytesWritten,
    };
}

/// <summary>The operations of all silos of a cluster, by kind of state.</summary>
internal sealed class StorageCounts
{
    private readonly ConcurrentDictionary<StateKind, StorageUsage> _usage = new();

    public void Add(string stateName, StorageUsage usage) => _usage.AddOrUpdate(KindOf(stateName), usage, (_, sum) => sum + usage);

    public StorageUsage Of(StateKind kind) => _usage.GetValueOrDefault(kind);

    /// <summary>What an action used.</summary>
    public async Task<StorageReport> DuringAsync(Func<Task> action)
    {
        var before = Enum.GetValues<StateKind>().ToDictionary(kind => kind, Of);
        await action();
        return new StorageReport(before.ToDictionary(pair => pair.Key, pair => Of(pair.Key) - pair.Value));
    }

    private static StateKind KindOf(string stateName) => stateName switch
    {
        StateNames.Cluster => StateKind.Cluster,
        StateNames.EdgeDirectory => StateKind.Directory,
        StateNames.RoutingTable => StateKind.Table,
        StateNames.Rules or StateNames.Limits => StateKind.Rules,
        RecordNames.Manifest => StateKind.Manifest,
        _ when stateName.StartsWith("kad-crawl-", StringComparison.Ordinal) => StateKind.Crawl,
        _ when stateName.StartsWith("kad-audit-", StringComparison.Ordinal) => StateKind.Audit,
        _ when stateName.StartsWith("kad-shard-log-", StringComparison.Ordinal) => StateKind.LogRecord,
        _ when stateName.StartsWith("kad-shard-keys-", StringComparison.Ordinal) => StateKind.PageKeys,
        _ when stateName.StartsWith("kad-shard-page-", StringComparison.Ordinal) => StateKind.Page,
        _ => throw new ArgumentException($"{stateName} is the name of no kind of state.", nameof(stateName)),
    };
}

/// <summary>What was used, by kind of state.</summary>
internal sealed record StorageReport(IReadOnlyDictionary<StateKind, StorageUsage> Kinds)
{
    public StorageUsage this[StateKind kind] => Kinds[kind];

    public StorageUsage Total => Kinds.Values.Aggregate(default(StorageUsage), (sum, usage) => sum + usage);
}
