using Orleans.Serialization;
using Orleans.Storage;

namespace KadOrleans.Grains.Tests.Cluster;

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
