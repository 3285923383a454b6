using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;

namespace KadOrleans.Storage.Sqlite.Tests;

/// <summary>What a database holds, read through a store.</summary>
internal static class DatabaseReading
{
    public static async Task<Dictionary<NodeId, StoredValue>> ReadAllAsync(this SqliteDatabase database) =>
        await new SqliteKeyStore(database).ScanAsync().ToDictionaryAsync(entry => entry.Key, entry => entry.Value);

    public static ValueTask<StoredValue?> GetAsync(this SqliteDatabase database, NodeId key) =>
        new SqliteKeyStore(database).GetAsync(key, StoredValues.Now);
}
