using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>
/// Grain state in one SQLite file, for a cluster of one process. A write is durable when its call returns. A state's key is its name and
/// grain; the provider's name is not part of it.
/// </summary>
internal sealed class SqliteGrainStorage : IGrainStorage, IAsyncDisposable
{
    private readonly SqliteGrainStorageOptions _options;
    private readonly IActivatorProvider _activators;

    private SqliteGrainStorage(GrainDatabase database, SqliteGrainStorageOptions options, IActivatorProvider activators)
    {
        Database = database;
        _options = options;
        _activators = activators;
    }

    /// <summary>The open file.</summary>
    internal GrainDatabase Database { get; }

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="GrainDatabaseException">The file cannot be used. The message says why and what to do.</exception>
    internal static SqliteGrainStorage Open(
        SqliteGrainStorageOptions options, IActivatorProvider activators, ILogger<SqliteGrainStorage> logger) =>
        new(GrainDatabase.Open(options.Folder, options.FolderSetting, logger), options, activators);

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var row = await Database.RunAsync(new GrainRead(Key(stateName, grainId)));
        grainState.ETag = Text(row.ETag);
        grainState.RecordExists = row.Payload is not null;
        grainState.State = row.Payload is { } payload
            ? _options.GrainStorageSerializer.Deserialize<T>(new BinaryData(payload))!
            : _activators.GetActivator<T>().Create();
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var payload = ToArray(_options.GrainStorageSerializer.Serialize(grainState.State));
        var write = GrainWrite.Put(Key(stateName, grainId), grainState.ETag, payload);
        grainState.ETag = Text(await Database.RunAsync(write));
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = Key(stateName, grainId);
        var write = _options.DeleteStateOnClear
            ? GrainWrite.Delete(key, grainState.ETag)
            : GrainWrite.Put(key, grainState.ETag, payload: null);
        grainState.ETag = Text(await Database.RunAsync(write));
        grainState.RecordExists = false;
        grainState.State = _activators.GetActivator<T>().Create();
    }

    /// <summary>Lists the grains of a type that have a stored state.</summary>
    /// <exception cref="GrainDatabaseException">They cannot be read.</exception>
    public async Task<IReadOnlyList<GrainId>> ListGrainsAsync(GrainType type) =>
        [.. (await Database.RunAsync(new GrainListRead(type.ToString()!))).Select(id => GrainId.Parse(id))];

    /// <summary>Finishes queued operations and closes the file. One file is left.</summary>
    public ValueTask DisposeAsync() => Database.DisposeAsync();

    private static GrainRowKey Key(string stateName, GrainId grainId) => new(stateName, grainId.ToString());

    private static string? Text(long? etag) => etag is { } tag ? GrainWrite.Text(tag) : null;

    // Without a copy of what is an array already.
    private static byte[] ToArray(BinaryData data) =>
        MemoryMarshal.TryGetArray(data.ToMemory(), out var bytes) && bytes is { Offset: 0, Array: { } array } && bytes.Count == array.Length
            ? array
            : data.ToArray();
}

/// <summary>
/// The bytes of <see cref="OrleansGrainStorageSerializer"/>, written into pooled buffers. That one doubles an array until the state fits, so
/// a state of 64 KiB took four times as much memory, half of it a large object.
/// </summary>
internal sealed class PooledGrainStorageSerializer(Serializer serializer) : IGrainStorageSerializer
{
    /// <inheritdoc/>
    public BinaryData Serialize<T>(T? input) => new(serializer.SerializeToArray(input!));

    /// <inheritdoc/>
    public T Deserialize<T>(BinaryData input) => serializer.Deserialize<T>(input.ToMemory())!;
}
