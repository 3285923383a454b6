using System.Security.Cryptography;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.PortContracts;
using KadOrleans.SqliteFiles;
using KadOrleans.Storage.Sqlite.Tests.Writing;
using KadOrleans.Testing;

namespace KadOrleans.Storage.Sqlite.Tests;

/// <summary>Tests that have a data folder of their own.</summary>
public abstract class SqliteTests : IDisposable
{
    private protected TemporaryFolder Folder { get; } = new();

    public virtual void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected SqliteDatabase Open(StoreQuota? quota = null, DamagePolicy onDamage = DamagePolicy.SetAside) =>
        SqliteDatabase.Open(Folder.Path, quota ?? StoreQuota.Unlimited, onDamage: onDamage);
}

internal static class TestDatabase
{
    extension(TemporaryFolder folder)
    {
        public string DatabasePath => folder[SqliteDatabase.FileName];

        public string LogPath => folder.DatabasePath + "-wal";

        /// <summary>Every file in the folder with the hash of its bytes.</summary>
        public IReadOnlyDictionary<string, string> Fingerprint() => Directory.EnumerateFiles(folder.Path).ToDictionary(
            file => Path.GetFileName(file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));
    }

    extension(SqliteDatabase database)
    {
        public SqliteKeyStore Store => new(database);

        public SqliteNodeStateStore States => new(database);

        public Task<Dictionary<NodeId, StoredValue>> ReadAllAsync() => database.Store.ReadAllAsync();

        public ValueTask<StoredValue?> GetAsync(NodeId key) => database.Store.GetAsync(key, StoredValues.Now);

        /// <summary>Executes a statement on the writer's connection, between two batches.</summary>
        public async Task ExecuteAsync(string statement)
        {
            using var gate = await WriterGate.CloseAsync(database);
            database.Connection.Execute(statement);
        }

        /// <summary>Puts values in one batch.</summary>
        public async Task<StoreResult[]> PutBatchAsync(IEnumerable<KeyValuePair<NodeId, StoredValue>> values)
        {
            var gate = await WriterGate.CloseAsync(database);
            var puts = database.Store.PutTogetherAsync(values);
            gate.Dispose();
            return await puts;
        }
    }
}
