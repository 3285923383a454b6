using System.Globalization;
using Npgsql;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>
/// Grain state in the table of Orleans' provider for ADO.NET, in the same rows: each of the two reads what the other wrote. A write is
/// durable when its call returns, and <see cref="StateWrites"/> gathers those of a silo. The connection string's Command Timeout is a
/// call's, from its beginning on. Safe for several threads.
/// </summary>
internal sealed class PostgreSqlGrainStorage : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    public const string ProviderType = "PostgreSql";

    private readonly string _serviceId;
    private readonly IGrainStorageSerializer _serializer;
    private readonly IActivatorProvider _activators;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly StateConnections _connections;
    private readonly StateWrites _writes;
    private readonly string _connectionString;
    private Task? _check;

    public PostgreSqlGrainStorage(
        string connectionString, string serviceId, IGrainStorageSerializer serializer, IActivatorProvider activators, TimeProvider time, ILogger logger)
    {
        (_serviceId, _serializer, _activators, _time) = (serviceId, serializer, activators, time);
        _connectionString = connectionString;
        _connections = new StateConnections(connectionString, time);
        _writes = new StateWrites(_connections, time);
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        _timeout = settings.CommandTimeout == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(settings.CommandTimeout);
        GrainStorageLog.Using(logger, settings.Database, settings.Host);
    }

    /// <summary>Checks the database, once: a process that starts a silo may ask for it before.</summary>
    /// <exception cref="OptionsValidationException">It lacks what is needed, or the way to it does; the message has the remedy.</exception>
    public Task CheckAsync() => _check ??= RunChecksAsync();

    // Before members and grains, whose errors about the same would not say what to do.
    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(PostgreSqlGrainStorage), ServiceLifecycleStage.First, _ => CheckAsync());

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var stored = await InTimeAsync(ReadAsync(StateKey.Of(stateName, grainId, _serviceId)));
        grainState.ETag = Text(stored.Version);
        grainState.RecordExists = stored.Payload is not null;
        grainState.State = stored.Payload is { } payload ? _serializer.Deserialize<T>(new BinaryData(payload))! : New<T>();
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var row = new StateRow(
            StateKey.Of(stateName, grainId, _serviceId),
            VersionOf(stateName, grainId, grainState.ETag),
            _serializer.Serialize(grainState.State).ToMemory());
        var version = await _writes.WriteAsync(row, _timeout) ?? throw Conflict(stateName, grainId, grainState.ETag);
        grainState.ETag = Text(version);
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = StateKey.Of(stateName, grainId, _serviceId);
        int? after = null;
        if (VersionOf(stateName, grainId, grainState.ETag) is { } version)
        {
            after = await InTimeAsync(_connections.RunAsync((connection, failure) => ClearAsync(connection, key, version, failure)))
                ?? throw Conflict(stateName, grainId, grainState.ETag);
        }
        else if ((await InTimeAsync(ReadAsync(key))).Version is not null)
        {
            throw Conflict(stateName, grainId, grainState.ETag);
        }

        grainState.ETag = Text(after);
        grainState.RecordExists = false;
        grainState.State = New<T>();
    }

    private async Task RunChecksAsync()
    {
        await SchemaCheck.RunAsync(_connectionString);
        await PoolerCheck.RunAsync(_connectionString);
    }

    private Task<StoredState> ReadAsync(StateKey key) =>
        _connections.RunAsync((connection, _) => StateTable.ReadAsync(connection, key));

    // As a write (StateStatement): a second attempt that finds another version may find what the first one did.
    private static async Task<int?> ClearAsync(NpgsqlConnection connection, StateKey key, int version, NpgsqlException? failure) =>
        await StateTable.ClearAsync(connection, key, version).ConfigureAwait(false) is { } after ? after
        : failure is null ? null
        : throw failure;

    private async Task<T> InTimeAsync<T>(Task<T> call)
    {
        try
        {
            return await call.WaitAsync(_timeout, _time);
        }
        catch (TimeoutException late)
        {
            throw new NpgsqlException($"The database did not answer within {_timeout.TotalSeconds:0} s, its timeout.", late);
        }
    }

    private T New<T>() => _activators.GetActivator<T>().Create();

    private static string? Text(int? version) => version?.ToString(CultureInfo.InvariantCulture);

    private static int? VersionOf(string stateName, GrainId grainId, string? etag) =>
        string.IsNullOrEmpty(etag) ? null
        : int.TryParse(etag, CultureInfo.InvariantCulture, out var version) ? version
        : throw Conflict(stateName, grainId, etag);

    private static InconsistentStateException Conflict(string stateName, GrainId grainId, string? etag) =>
        new($"The state {stateName} of {grainId} was written by another since its version {etag ?? "0"} was read.");
}
