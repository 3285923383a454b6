namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>The rows of a cluster's storage, shared by its silos as a database is, with faults at will.</summary>
public sealed class TestRows
{
    // Guards the rows: a write compares ETags.
    private readonly Lock _gate = new();
    private readonly Dictionary<(string State, GrainId Grain), Row> _rows = [];
    private readonly ConcurrentDictionary<string, StorageUsage> _used = new();
    private long _lastETag;

    public ConcurrentDictionary<GrainId, int> Writes { get; } = new();

    /// <summary>Runs before a write; may wait, and fails it by throwing.</summary>
    public Func<string, GrainId, Task> BeforeWrite { get; set; } = NoFault;

    /// <summary>Runs when a write is done; fails it by throwing.</summary>
    public Func<string, GrainId, Task> AfterWrite { get; set; } = NoFault;

    public Func<string, GrainId, Task> BeforeRead { get; set; } = NoFault;

    public static Task NoFault(string state, GrainId grain) => Task.CompletedTask;

    /// <summary>Holds a grain's writes until the gate opens. The task ends when the first is there; others write on.</summary>
    public (TaskCompletionSource Gate, Task Reached) Hold(IAddressable grain)
    {
        var (held, gate) = (grain.GetGrainId(), new TaskCompletionSource());
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        BeforeWrite = (_, writing) =>
        {
            if (writing != held)
            {
                return Task.CompletedTask;
            }

            reached.TrySetResult();
            return gate.Task;
        };
        return (gate, reached.Task.WaitAsync(TimeSpan.FromMinutes(2)));
    }

    public void Heal() => BeforeWrite = AfterWrite = BeforeRead = NoFault;

    public bool TryRead(string state, GrainId grain, out Row row)
    {
        lock (_gate)
        {
            return _rows.TryGetValue((state, grain), out row);
        }
    }

    /// <summary>Null: the ETag does not fit.</summary>
    public string? TryWrite(string state, GrainId grain, byte[] content, string? etag)
    {
        lock (_gate)
        {
            var known = _rows.TryGetValue((state, grain), out var row) ? row.ETag : null;
            if (known != etag)
            {
                return null;
            }

            Writes.AddOrUpdate(grain, 1, static (_, count) => count + 1);
            var next = $"e{++_lastETag}";
            _rows[(state, grain)] = new Row(content, next);
            return next;
        }
    }

    /// <summary>Writes as somebody else would: without asking for an ETag.</summary>
    public void Force<T>(string state, IAddressable grain, T content)
    {
        lock (_gate)
        {
            _rows[(state, grain.GetGrainId())] = new Row(ClusterFixture.Serializer.SerializeToArray(content), $"f{++_lastETag}");
        }
    }

    internal void Count(string state, StorageUsage used) => _used.AddOrUpdate(state, used, (_, sum) => sum + used);

    internal async Task<StorageReport> DuringAsync(Func<Task> action)
    {
        var before = _used.ToDictionary();
        await action();
        return new StorageReport(_used.ToDictionary(used => used.Key, used => used.Value - before.GetValueOrDefault(used.Key)));
    }

    public readonly record struct Row(byte[] Content, string ETag);
}

/// <summary>Grain storage on <see cref="TestRows"/>, through the serializer as a real provider.</summary>
internal sealed class TestGrainStorage(TestRows rows) : IGrainStorage
{
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await rows.BeforeRead(stateName, grainId);
        rows.Count(stateName, new StorageUsage(Reads: 1));
        var found = rows.TryRead(stateName, grainId, out var row);
        grainState.RecordExists = found;
        grainState.State = found ? ClusterFixture.Serializer.Deserialize<T>(row.Content) : Activator.CreateInstance<T>();
        grainState.ETag = found ? row.ETag : null;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        // A write is paid for whether it succeeds or not.
        var content = ClusterFixture.Serializer.SerializeToArray(grainState.State);
        rows.Count(stateName, new StorageUsage(Writes: 1, BytesWritten: content.Length));
        await rows.BeforeWrite(stateName, grainId);
        grainState.ETag = rows.TryWrite(stateName, grainId, content, grainState.ETag)
            ?? throw new InconsistentStateException($"{stateName} of {grainId}", "another", grainState.ETag ?? "none");
        grainState.RecordExists = true;
        await rows.AfterWrite(stateName, grainId);
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => throw new NotSupportedException();
}

/// <summary>Operations on storage, and the bytes of the states that were written.</summary>
internal readonly record struct StorageUsage(long Reads = 0, long Writes = 0, long BytesWritten = 0)
{
    public static StorageUsage operator +(StorageUsage one, StorageUsage other) =>
        new(one.Reads + other.Reads, one.Writes + other.Writes, one.BytesWritten + other.BytesWritten);

    public static StorageUsage operator -(StorageUsage one, StorageUsage other) =>
        new(one.Reads - other.Reads, one.Writes - other.Writes, one.BytesWritten - other.BytesWritten);
}

internal sealed record StorageReport(IReadOnlyDictionary<string, StorageUsage> States)
{
    public StorageUsage Total => this[string.Empty];

    /// <summary>What was used of the states whose names begin so.</summary>
    public StorageUsage this[string name] => States
        .Where(used => used.Key.StartsWith(name, StringComparison.Ordinal))
        .Aggregate(default(StorageUsage), (sum, used) => sum + used.Value);
}
