using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class SqliteNodeStateStoreTests : NodeStateStoreDurabilityContract
{
    protected override NodeStateStoreHost CreateHost() => new SqliteNodeStateStoreHost();
}

internal sealed class SqliteNodeStateStoreHost : NodeStateStoreHost
{
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;

    public override ValueTask<INodeStateStore> OpenAsync(StoreQuota quota)
    {
        _database = SqliteDatabase.Open(_folder.Path, new(quota));
        return ValueTask.FromResult<INodeStateStore>(new SqliteNodeStateStore(_database));
    }

    public override ValueTask CloseAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}
