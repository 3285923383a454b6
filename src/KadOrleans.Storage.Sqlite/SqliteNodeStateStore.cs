using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite.Writing;

namespace KadOrleans.Storage.Sqlite;

/// <summary>The node's id and contacts in the data file. Saves go through the same writer as keys; loads come from memory.</summary>
internal sealed class SqliteNodeStateStore(SqliteDatabase database) : INodeStateStore
{
    private readonly SqliteDatabase _database = database ?? throw new ArgumentNullException(nameof(database));

    public ValueTask<NodeState?> LoadAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_database.IsClosed, _database);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_database.Writer.State);
    }

    public async ValueTask SaveAsync(NodeState state, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(state);

        // A copy, as the caller may change its list.
        var copy = state with { Contacts = [.. state.Contacts] };
        await _database.WriteAsync(new SaveStateOperation(copy), cancellationToken);
    }
}
