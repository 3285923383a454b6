using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.SqliteFiles;
using KadOrleans.Storage.Sqlite.Format;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>The compiled statements that change publications and node state. Only the writer uses them.</summary>
internal sealed class PreparedStatements : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _publish;
    private readonly SqliteCommand _unpublish;
    private readonly SqliteCommand _addContact;
    private readonly SqliteCommand _setNode;

    // SQLite copies bound bytes when the statement runs, so one buffer each suffices.
    private readonly byte[] _key = new byte[NodeId.Length];
    private readonly byte[] _address = new byte[16];

    public PreparedStatements(SqliteConnection connection)
    {
        _connection = connection;
        _publish = connection.PrepareCommand(
            "INSERT OR REPLACE INTO publication (key, published_at, value, is_pending) VALUES ($key, $published, $value, $pending)",
            Blob("$key", _key), Integer("$published"), Blob("$value"), Integer("$pending"));
        _unpublish = connection.PrepareCommand("DELETE FROM publication WHERE key = $key", Blob("$key", _key));
        _setNode = connection.PrepareCommand("INSERT INTO node (id) VALUES ($id)", Blob("$id", _key));
        _addContact = connection.PrepareCommand(
            "INSERT INTO contact (position, id, address, port) VALUES ($position, $id, $address, $port)",
            Integer("$position"), Blob("$id", _key), Blob("$address", _address), Integer("$port"));
    }

    /// <summary>Writes the publication of a key, or deletes it if it is null.</summary>
    public void Publish(NodeId key, Publication? publication)
    {
        key.CopyTo(_key);
        if (publication is null)
        {
            _unpublish.ExecuteNonQuery();
            return;
        }

        _publish.Parameters[1].Value = publication.PublishedAt.ToUnixTimeMilliseconds();
        _publish.Parameters[2].Value = ValueCodec.Encode(publication.Value);
        _publish.Parameters[3].Value = publication.IsPending ? 1L : 0L;
        _publish.ExecuteNonQuery();
    }

    public void SaveState(NodeState state)
    {
        _connection.Execute("DELETE FROM node");
        _connection.Execute("DELETE FROM contact");
        state.Id.CopyTo(_key);
        _setNode.ExecuteNonQuery();
        for (var i = 0; i < state.Contacts.Count; i++)
        {
            state.Contacts[i].Id.CopyTo(_key);
            state.Contacts[i].Endpoint.WriteIPv6(_address);
            _addContact.Parameters[0].Value = i;
            _addContact.Parameters[3].Value = (long)state.Contacts[i].Endpoint.Port;
            _addContact.ExecuteNonQuery();
        }
    }

    public void Dispose()
    {
        _publish.Dispose();
        _unpublish.Dispose();
        _addContact.Dispose();
        _setNode.Dispose();
    }

    private static SqliteParameter Blob(string name, byte[]? buffer = null) =>
        new(name, SqliteType.Blob) { Value = buffer ?? [] };

    private static SqliteParameter Integer(string name) => new(name, SqliteType.Integer) { Value = 0L };
}
