using System.Collections.Concurrent;
using Orleans.Serialization;
using Orleans.Storage;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Grain storage in the test's own memory: it outlives every silo of its cluster.</summary>
internal sealed class SharedStorage(ConcurrentDictionary<string, (byte[] State, string ETag)> rows, Serializer serializer) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (rows.TryGetValue(Key(stateName, grainId), out var row))
        {
            (grainState.State, grainState.ETag, grainState.RecordExists) = (serializer.Deserialize<T>(row.State), row.ETag, true);
        }
        else
        {
            (grainState.State, grainState.ETag, grainState.RecordExists) = (Activator.CreateInstance<T>(), null, false);
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var row = (serializer.SerializeToArray(grainState.State), Guid.NewGuid().ToString("N"));
        rows.AddOrUpdate(
            Key(stateName, grainId),
            _ => grainState.ETag is null ? row : throw Conflict(null, grainState.ETag),
            (_, old) => old.ETag == grainState.ETag ? row : throw Conflict(old.ETag, grainState.ETag));
        (grainState.ETag, grainState.RecordExists) = (row.Item2, true);
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        rows.TryRemove(Key(stateName, grainId), out _);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (Activator.CreateInstance<T>(), null, false);
        return Task.CompletedTask;
    }

    private static string Key(string stateName, GrainId grainId) => $"{stateName}/{grainId}";

    private static InconsistentStateException Conflict(string? stored, string? current) => new("Another wrote it.", stored, current);
}
