using System.Runtime.InteropServices;
using KadOrleans.GrainStorage.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Providers;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

[assembly: RegisterProvider("Sqlite", "GrainStorage", "Silo", typeof(SqliteGrainStorageProviderBuilder))]

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>
/// Grain state in one SQLite file, for a cluster of one process. A write is durable when its call returns. A state's key is its
/// name and grain; the provider's name is not part of it. Safe for several threads.
/// </summary>
/// <param name="options">The options, with a serializer. The file is opened at once.</param>
/// <param name="activators">Creates the state of a grain that has none stored.</param>
/// <param name="logger">Logs that the file was opened and closed, and writes that fail.</param>
/// <exception cref="GrainDatabaseException">The file cannot be opened.</exception>
public sealed class SqliteGrainStorage(
    SqliteGrainStorageOptions options, IActivatorProvider activators, ILogger<SqliteGrainStorage> logger) : IGrainStorage, IAsyncDisposable
{
    private readonly GrainDatabase _database = GrainDatabase.Open(options.Folder, options.FolderSetting, logger);

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var row = await ReadAsync(statements => statements.Read(Key(stateName, grainId)));
        grainState.ETag = Text(row.ETag);
        grainState.RecordExists = row.Payload is not null;
        grainState.State = row.Payload is { } payload
            ? options.GrainStorageSerializer.Deserialize<T>(new BinaryData(payload))!
            : activators.GetActivator<T>().Create();
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var payload = ToArray(options.GrainStorageSerializer.Serialize(grainState.State));
        grainState.ETag = Text(await _database.RunAsync(new GrainWrite(Key(stateName, grainId), grainState.ETag, payload)));
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var write = new GrainWrite(Key(stateName, grainId), grainState.ETag, payload: null, deletes: options.DeleteStateOnClear);
        grainState.ETag = Text(await _database.RunAsync(write));
        grainState.RecordExists = false;
        grainState.State = activators.GetActivator<T>().Create();
    }

    /// <summary>Lists the grains of a type that have a stored state.</summary>
    /// <exception cref="GrainDatabaseException">They cannot be read.</exception>
    public async Task<IReadOnlyList<GrainId>> ListGrainsAsync(GrainType type) =>
        [.. (await ReadAsync(statements => statements.ListGrains(type.ToString()!))).Select(id => GrainId.Parse(id))];

    /// <summary>Finishes queued operations and closes the file. One file is left.</summary>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private Task<T> ReadAsync<T>(Func<GrainStatements, T> read) =>
        _database.RunAsync(new FunctionOperation<GrainStatements, T>(read, isWrite: false));

    private static GrainRowKey Key(string stateName, GrainId grainId) => new(stateName, grainId.ToString());

    private static string? Text(long? etag) => etag is { } tag ? GrainWrite.Text(tag) : null;

    // Our own serializer gives each state an array that nobody else has. Another's may use it again.
    private byte[] ToArray(BinaryData data) =>
        options.GrainStorageSerializer is PooledGrainStorageSerializer && MemoryMarshal.TryGetArray(data.ToMemory(), out var bytes) && bytes is { Offset: 0, Array: { } array } && bytes.Count == array.Length
            ? array
            : data.ToArray();
}

/// <summary>
/// Writes the bytes of <see cref="OrleansGrainStorageSerializer"/>, through pooled buffers. That one doubles an array until the state
/// fits. So it allocates four times the bytes of a state of 64 KiB, half of them as a large object.
/// </summary>
/// <param name="serializer">Orleans' serializer.</param>
public sealed class PooledGrainStorageSerializer(Serializer serializer) : IGrainStorageSerializer
{
    /// <inheritdoc/>
    public BinaryData Serialize<T>(T? input) => new(serializer.SerializeToArray(input!));

    /// <inheritdoc/>
    public T Deserialize<T>(BinaryData input) => serializer.Deserialize<T>(input.ToMemory())!;
}

/// <summary>The options of grain storage in SQLite.</summary>
public sealed class SqliteGrainStorageOptions : IStorageProviderSerializerOptions
{
    /// <summary>The default folder, relative to the current one.</summary>
    public const string DefaultFolder = "kad-cluster-data";

    /// <summary>The folder of <c>kad-grains.db</c>. It is created if it is missing. One process at a time may use it.</summary>
    public string Folder { get; set; } = DefaultFolder;

    /// <summary>The setting of <see cref="Folder"/>, such as <c>Kad:Data</c>, which errors name. Default: none.</summary>
    public string? FolderSetting { get; set; }

    /// <summary>Whether clearing a state deletes its row. Otherwise an empty row keeps the ETag. Default: true.</summary>
    public bool DeleteStateOnClear { get; set; } = true;

    /// <summary>The serializer of states. Default: the one registered for the storage's name, else Orleans' binary serializer.</summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;
}

// Builds grain storage from the configuration Orleans:GrainStorage:{name}:ProviderType=Sqlite. The same section takes Folder,
// DeleteStateOnClear and SerializerKey.
internal sealed class SqliteGrainStorageProviderBuilder : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection)
    {
        builder.AddSqliteGrainStorage(name!);
        builder.Services.AddOptions<SqliteGrainStorageOptions>(name).Configure<IServiceProvider>((options, services) =>
        {
            options.Folder = Text(nameof(options.Folder)) ?? options.Folder;
            options.FolderSetting = Text(nameof(options.FolderSetting)) ?? $"{configurationSection.Path}:{nameof(options.Folder)}";
            options.DeleteStateOnClear = configurationSection.GetValue(nameof(options.DeleteStateOnClear), true);
            if (Text("SerializerKey") is { } key)
            {
                options.GrainStorageSerializer = services.GetRequiredKeyedService<IGrainStorageSerializer>(key);
            }
        });

        string? Text(string setting) => configurationSection[setting] is { Length: > 0 } text ? text : null;
    }
}
