using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace KadOrleans.GrainStorage.Sqlite;

// Grain state in one SQLite file, for a cluster of one process. A write is durable when its call returns. A state's key is its
// name and grain; the provider's name is not part of it.
internal sealed class SqliteGrainStorage(
    SqliteGrainStorageOptions options, IActivatorProvider activators, ILogger<SqliteGrainStorage> logger) : IGrainStorage, IAsyncDisposable
{
    internal GrainDatabase Database { get; } = GrainDatabase.Open(options.Folder, options.FolderSetting, logger);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var row = await ReadAsync(statements => statements.Read(Key(stateName, grainId)));
        grainState.ETag = Text(row.ETag);
        grainState.RecordExists = row.Payload is not null;
        grainState.State = row.Payload is { } payload
            ? options.GrainStorageSerializer.Deserialize<T>(new BinaryData(payload))!
            : activators.GetActivator<T>().Create();
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var payload = ToArray(options.GrainStorageSerializer.Serialize(grainState.State));
        grainState.ETag = Text(await Database.RunAsync(new GrainWrite(Key(stateName, grainId), grainState.ETag, payload)));
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var write = new GrainWrite(Key(stateName, grainId), grainState.ETag, payload: null, deletes: options.DeleteStateOnClear);
        grainState.ETag = Text(await Database.RunAsync(write));
        grainState.RecordExists = false;
        grainState.State = activators.GetActivator<T>().Create();
    }

    public async Task<IReadOnlyList<GrainId>> ListGrainsAsync(GrainType type) =>
        [.. (await ReadAsync(statements => statements.ListGrains(type.ToString()!))).Select(id => GrainId.Parse(id))];

    /// <summary>Finishes queued operations and closes the file. One file is left.</summary>
    public ValueTask DisposeAsync() => Database.DisposeAsync();

    private Task<T> ReadAsync<T>(Func<GrainStatements, T> read) =>
        Database.RunAsync(new FunctionOperation<GrainStatements, T>(read, isWrite: false));

    private static GrainRowKey Key(string stateName, GrainId grainId) => new(stateName, grainId.ToString());

    private static string? Text(long? etag) => etag is { } tag ? GrainWrite.Text(tag) : null;

    // Our own serializer gives each state an array that nobody else has. Another's may use it again.
    private byte[] ToArray(BinaryData data) =>
        options.GrainStorageSerializer is PooledGrainStorageSerializer && MemoryMarshal.TryGetArray(data.ToMemory(), out var bytes) && bytes is { Offset: 0, Array: { } array } && bytes.Count == array.Length
            ? array
            : data.ToArray();
}

// The bytes of OrleansGrainStorageSerializer, written into pooled buffers. That one doubles an array until the state fits. So a
// state of 64 KiB took four times as much memory, half of it a large object.
internal sealed class PooledGrainStorageSerializer(Serializer serializer) : IGrainStorageSerializer
{
    public BinaryData Serialize<T>(T? input) => new(serializer.SerializeToArray(input!));

    public T Deserialize<T>(BinaryData input) => serializer.Deserialize<T>(input.ToMemory())!;
}
