namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// The node's publications in the data file, so that they continue after a restart. Changes go through the same writer as keys; reads come
/// from memory. The file has times in whole milliseconds.
/// </summary>
internal sealed class SqlitePublicationStore(SqliteDatabase database) : IPublicationStore
{
    public ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        return ValueTask.FromResult(database.Publications.GetValueOrDefault(key));
    }

    public async ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publication);
        Check(cancellationToken);
        return await database.WriteAsync(
            writer => writer.Publish(key, publication),
            cancellationToken,
            onFailure: static result => result == StoreResult.Stored ? StoreResult.StorageFailed : result);
    }

    public async ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        return await database.WriteAsync(writer => writer.Unpublish(key), cancellationToken);
    }

    public IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        return database.Publications.ToArray().ToAsyncEnumerable();
    }

    private void Check(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(database.IsClosed, database);
        cancellationToken.ThrowIfCancellationRequested();
    }
}

/// <summary>The node's id and contacts in the data file. Saves go through the same writer as keys; loads come from memory.</summary>
internal sealed class SqliteNodeStateStore(SqliteDatabase database) : INodeStateStore
{
    public ValueTask<NodeState?> LoadAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(database.IsClosed, database);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(database.Writer.State);
    }

    public async ValueTask SaveAsync(NodeState state, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(state);

        // A copy, as the caller may change its list.
        var copy = state with { Contacts = [.. state.Contacts] };
        await database.WriteAsync(writer => writer.Save(copy), cancellationToken);
    }
}
