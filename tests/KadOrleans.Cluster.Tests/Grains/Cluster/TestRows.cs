using System.Collections.Concurrent;
using Orleans.Serialization;
using Orleans.Storage;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>The rows of a cluster's storage, shared by its silos as a database is, with faults at will.</summary>
public sealed class TestRows
{
    // Guards the rows: a write compares ETags.
    private readonly Lock _gate = new();
    private readonly Dictionary<(string State, GrainId Grain), Row> _rows = [];
    private long _lastETag;

    public ConcurrentDictionary<GrainId, int> Writes { get; } = new();

    /// <summary>Runs before a write; may wait, and fails it by throwing.</summary>
    public Func<string, GrainId, Task> BeforeWrite { get; set; } = NoFault;

    /// <summary>Runs when a write is done; fails it by throwing.</summary>
    public Func<string, GrainId, Task> AfterWrite { get; set; } = NoFault;

    public Func<string, GrainId, Task> BeforeRead { get; set; } = NoFault;

    public static Task NoFault(string state, GrainId grain) => Task.CompletedTask;

    /// <summary>Holds a grain's writes. Returns once the first one is there; other grains write on.</summary>
    public Task HoldAsync(GrainId grain, Task until)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        BeforeWrite = (_, writing) =>
        {
            if (writing != grain)
            {
                return Task.CompletedTask;
            }

            reached.TrySetResult();
            return until;
        };
        return reached.Task;
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
    public string? TryWrite(string state, GrainId grain, byte[]? content, string? etag)
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
    public void Force(string state, GrainId grain, byte[] content)
    {
        lock (_gate)
        {
            _rows[(state, grain)] = new Row(content, $"f{++_lastETag}");
        }
    }

    public IReadOnlyList<string> StatesOf(GrainId grain)
    {
        lock (_gate)
        {
            return [.. _rows.Keys.Where(key => key.Grain == grain).Select(key => key.State).Order()];
        }
    }

    public readonly record struct Row(byte[]? Content, string ETag);
}

/// <summary>Grain storage on <see cref="TestRows"/>, through the serializer as a real provider.</summary>
internal sealed class TestGrainStorage(TestRows rows, Serializer serializer) : IGrainStorage
{
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await rows.BeforeRead(stateName, grainId);
        var found = rows.TryRead(stateName, grainId, out var row);
        grainState.RecordExists = found && row.Content is not null;
        grainState.State = grainState.RecordExists ? serializer.Deserialize<T>(row.Content!) : Activator.CreateInstance<T>();
        grainState.ETag = found ? row.ETag : null;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var content = serializer.SerializeToArray(grainState.State);
        await rows.BeforeWrite(stateName, grainId);
        grainState.ETag = Write(stateName, grainId, content, grainState.ETag);
        grainState.RecordExists = true;
        await rows.AfterWrite(stateName, grainId);
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        grainState.ETag = Write(stateName, grainId, null, grainState.ETag);
        grainState.RecordExists = false;
        return Task.CompletedTask;
    }

    private string Write(string stateName, GrainId grainId, byte[]? content, string? etag) =>
        rows.TryWrite(stateName, grainId, content, etag)
        ?? throw new InconsistentStateException($"{stateName} of {grainId}", "another", etag ?? "none");
}
