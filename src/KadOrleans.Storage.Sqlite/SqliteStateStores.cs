namespace KadOrleans.Storage.Sqlite;

// The node's publications in the data file, so that they continue after a restart. Changes go through the same writer as keys;
// reads come from memory. The file has times in whole milliseconds.
internal sealed class SqlitePublicationStore(SqliteDatabase database) : IPublicationStore
{
    public ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        return ValueTask.FromResult(database.Publications.GetValueOrDefault(key));
    }

    public async ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        return await database.WriteAsync(
            writer => writer.Publish(key, publication),
            cancellationToken,
            onFailure: static result => result == StoreResult.Stored ? StoreResult.StorageFailed : result);
    }

    public async ValueTask<StoreResult> ReplaceAsync(
        NodeId key, Publication before, Publication? after, CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        return await database.WriteAsync(
            writer => writer.Replace(key, before, after),
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
        // A copy, as the caller may change its lists.
        var copy = state with { Contacts = [.. state.Contacts], Known = [.. state.Known] };
        await database.WriteAsync(writer => writer.Save(copy), cancellationToken);
    }
}

/// <summary>The highest version that was given, which deleted keys do not tell: it is written with each commit that gave some.</summary>
internal static class VersionRow
{
    public static void Write(SqliteConnection connection, long version) =>
        connection.Execute("INSERT OR REPLACE INTO version (place, last) VALUES (0, $last)", new SqliteParameter("$last", version));

    /// <summary>0 before the first.</summary>
    public static long Read(SqliteConnection connection) => connection.QueryInteger("SELECT coalesce(max(last), 0) FROM version");
}

/// <summary>Writes publications and the node's state in the open transaction.</summary>
internal static class NodeRows
{
    public static void Write(SqliteConnection connection, NodeId key, Publication? publication)
    {
        if (publication is null)
        {
            Unpublish(connection, key.ToByteArray());
            return;
        }

        connection.Execute(
            "INSERT OR REPLACE INTO publication (key, published_at, value, is_pending, version, call_id) VALUES ($key, $published, $value, $pending, $version, $call)",
            new("$key", key.ToByteArray()),
            new("$published", publication.PublishedAt.ToUnixTimeMilliseconds()),
            new("$value", ValueContent.Encode(publication.Value)),
            new("$pending", publication.IsPending),
            new("$version", publication.Version),
            new("$call", publication.CallId));
    }

    /// <summary>Deletes the publication of a key, whose bytes need not be an id.</summary>
    public static void Unpublish(SqliteConnection connection, byte[] key) =>
        connection.Execute("DELETE FROM publication WHERE key = $key", new SqliteParameter("$key", key));

    /// <summary>Replaces the node's state; null removes it.</summary>
    public static void Write(SqliteConnection connection, NodeState? state)
    {
        connection.Execute("DELETE FROM node");
        connection.Execute("DELETE FROM contact");
        if (state is null)
        {
            return;
        }

        connection.Execute("INSERT INTO node (id) VALUES ($id)", new SqliteParameter("$id", state.Id.ToByteArray()));
        // Compiled once, as STOREs of the same transaction wait for up to a thousand rows.
        var address = new byte[16];
        SqliteParameter[] values =
        [
            new("$position", SqliteType.Integer), new("$id", SqliteType.Blob), new("$address", address), new("$port", SqliteType.Integer),
            new("$first", SqliteType.Integer), new("$last", SqliteType.Integer), new("$former", SqliteType.Integer),
        ];
        using var insert = connection.PrepareCommand(
            "INSERT INTO contact (position, id, address, port, first_seen, last_seen, is_former) VALUES ($position, $id, $address, $port, $first, $last, $former)",
            values);
        var known = state.Known.ToLookup(one => one.Contact);
        for (var i = 0; i < state.Contacts.Count; i++)
        {
            var history = known[state.Contacts[i]].FirstOrDefault();
            values[4].Value = history?.FirstSeen.ToUnixTimeMilliseconds() ?? (object)DBNull.Value;
            values[5].Value = history?.LastSeen.ToUnixTimeMilliseconds() ?? (object)DBNull.Value;
            values[6].Value = history?.IsFormer ?? false;
            state.Contacts[i].Endpoint.WriteIPv6(address);
            values[0].Value = i;
            values[1].Value = state.Contacts[i].Id.ToByteArray();
            values[3].Value = (int)state.Contacts[i].Endpoint.Port;
            insert.ExecuteNonQuery();
        }
    }
}
